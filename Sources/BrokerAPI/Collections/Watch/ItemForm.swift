import BrokerCore
import JSONBytes
import NIOCore

/// Events in the form of items.
///
///     {"type":"ADDED","object":{"metadata":{...},"value":{...}}}
///     {"type":"MODIFIED","object":{"metadata":{...},"previousResourceVersion":"18270","patch":[...]}}     as=patch
///     {"type":"DELETED","object":{...},"prev":{"metadata":{...},"value":{...}}}                            prev=true
struct ItemForm: CollectionForm {
    /// How items are written.
    let text: ItemText
    /// Whether changes are told as patches of the value.
    let isPatch: Bool
    /// Whether the version before is told too.
    let hasPrevious: Bool
    let sharedName: String?

    /// Events with items in the form of a text.
    ///
    /// - Parameter fields: what the text's projection was read from.
    init(text: ItemText, fields: String?, isPatch: Bool, hasPrevious: Bool) {
        self.text = text
        self.isPatch = isPatch
        self.hasPrevious = hasPrevious
        sharedName = "item \(isPatch) \(hasPrevious) \(fields ?? "")"
    }

    var saysGoodbye: Bool { true }
    var needsPrevious: Bool { isPatch || hasPrevious }

    func write(_ event: ItemEvent, to json: inout JSONWriter) {
        json.key("object")
        let value = text.value(of: event.item)
        if let patch = patch(event, value), let previous = event.previous {
            json.beginObject()
            text.writeMetadata(event.item, version: event.version, to: &json)
            json.key("previousResourceVersion")
            json.string(text.versions.text(of: previous))
            json.key("patch")
            json.raw(patch)
            json.endObject()
        } else {
            text.write(event.item, version: event.version, value: value, to: &json)
        }
        guard hasPrevious, let previous = event.previous else { return }
        json.key("prev")
        text.write(previous, to: &json)
    }

    func writeBookmark(_ version: String, isEndOfState: Bool, to json: inout JSONWriter) {
        json.beginObject()
        json.key("metadata")
        json.beginObject()
        json.key("resourceVersion")
        json.string(version)
        if isEndOfState {
            json.key("annotations")
            json.beginObject()
            json.key(Self.endOfState)
            json.string("true")
            json.endObject()
        }
        json.endObject()
        json.endObject()
    }

    func write(_ problem: Problem, to json: inout JSONWriter) {
        json.beginObject()
        problem.write(to: &json)
        json.endObject()
    }

    /// What makes the new value of the one before, as both are written; nil where the new one is not larger than that.
    private func patch(_ event: ItemEvent, _ value: ItemText.Value?) -> ByteBuffer? {
        guard isPatch, event.kind == .modified, let previous = event.previous, case .json(let new) = value,
            case .json(let old) = text.value(of: previous),
            let before = try? JSONTree(validating: old, depthMax: text.jsonDepthMax),
            let after = try? JSONTree(validating: new, depthMax: text.jsonDepthMax)
        else { return nil }
        var patch = ByteBuffer()
        JSONPatch(from: before, to: after).write(into: &patch)
        return patch.readableBytes < new.readableBytes ? patch : nil
    }
}
