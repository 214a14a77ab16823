import Glibc

/// How many files and sockets this process and its children may have open.
package enum DescriptorLimit {
    /// Takes as many as are allowed: thousands of watchers need a socket each.
    package static func raise() throws {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        try SystemFailure.check(getrlimit(resource, &limit), "getrlimit", "descriptors")
        limit.rlim_cur = limit.rlim_max
        try SystemFailure.check(setrlimit(resource, &limit), "setrlimit", "descriptors")
    }
}
