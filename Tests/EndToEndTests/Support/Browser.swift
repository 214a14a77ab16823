import Foundation

/// A browser of Debian's without a window.
enum Browser: String, CaseIterable {
    case chromium
    case firefox

    /// Opens a page; the browser runs until it is killed.
    func open(_ page: String, in sandbox: Sandbox) throws -> Child {
        let profile = sandbox.directory.appendingPathComponent(rawValue)
        try FileManager.default.createDirectory(at: profile, withIntermediateDirectories: true)
        switch self {
        case .chromium:
            // Its own sandbox needs rights that containers do not give; the pages are ours.
            let arguments = [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--user-data-dir=\(profile.path)", page,
            ]
            return try sandbox.program("chromium", "chromium", arguments)
        case .firefox:
            try Data(Self.preferences.utf8).write(to: profile.appendingPathComponent("user.js"))
            let arguments = [
                "HOME=\(profile.path)", "firefox-esr", "--headless", "--no-remote", "--profile", profile.path, page,
            ]
            return try sandbox.program("firefox", "env", arguments)
        }
    }

    /// A first start shows pages of its own, and tells its makers about itself.
    private static let preferences = """
        user_pref("browser.shell.checkDefaultBrowser", false);
        user_pref("datareporting.policy.dataSubmissionEnabled", false);
        user_pref("app.normandy.enabled", false);

        """
}
