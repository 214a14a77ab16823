import Foundation

/// Debian's Chromium without a window.
enum Chromium {
    /// Opens a page; the browser runs until it is killed.
    static func open(_ page: String, in sandbox: Sandbox) throws -> Child {
        let profile = sandbox.directory.appendingPathComponent("chromium")
        // Its own sandbox needs rights that containers do not give; the pages are ours.
        let arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--user-data-dir=\(profile.path)", page,
        ]
        return try sandbox.program("chromium", "chromium", arguments)
    }
}
