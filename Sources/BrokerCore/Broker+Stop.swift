import SegmentStore

extension Broker {
    /// Wakes whoever waits at a tail, and sends all members away.
    ///
    /// The tails end first: a topic that is created later is refused by then, so that no tail is missed.
    func endStreams() {
        lifeSignal.end(.draining)
        for topic in registry.all { topic.endTails(.draining) }
        for coordinator in coordinators { coordinator.drain() }
    }

    /// The order of the way down: no more administration, then the queue runs dry, then nobody reads, then the store.
    func stopThreads() {
        administration.stop()
        journal.stop()
        for coordinator in coordinators { coordinator.stop() }
        readPool.stop()
        saveCollections()
        do {
            try store.close()
        } catch {
            failure.fail(error.description)
        }
        logger.info("stopped")
    }

    /// Writes down what is known of collections' keys, so that the next start has nothing to read.
    private func saveCollections() {
        for topic in registry.all {
            for partition in topic.partitions { partition.saveCollectionAtStop(collections) }
        }
    }

    /// The storage has failed: nothing is served any more.
    func fail(_ reason: String) {
        lifecycle.fail()
        logger.critical("the storage has failed: \(reason)")
        // Neither the queue nor the streams may hang until the process exits.
        for request in queue.fail() { request.resolve(.notWritten(reason)) }
        endStreams()
    }
}
