import Testing

/// The arrows of the architecture, checked against what the sources really import.
@Suite struct ImportTests {
    /// One import in one file.
    struct Import {
        let module: String
        let imported: String
        let path: String
    }

    @Test func everyModuleIsInTheMap() {
        let folders = Set(Repository.paths.compactMap(Self.module(of:)))
        #expect(!folders.isEmpty, "git listed no sources; is this a checkout?")
        #expect(folders.subtracting(ImportMap.allowed.keys).subtracting(ImportMap.cModules) == [])
    }

    @Test(arguments: ImportMap.allowed.keys.sorted())
    func importsOnlyWhatTheMapAllows(module: String) throws {
        let allowed = try #require(ImportMap.allowed[module])
        for found in try Self.imports() where found.module == module {
            #expect(allowed.contains(found.imported), "\(found.path) imports \(found.imported)")
        }
    }

    @Test func foundationStaysOutOfTheBroker() throws {
        for found in try Self.imports() where found.imported.hasPrefix("Foundation") {
            let mayEncode = found.module == "MillraceClient" || found.path.hasPrefix(ImportMap.storeReaders)
            #expect(
                mayEncode && found.imported == "FoundationEssentials",
                "\(found.path) imports \(found.imported)"
            )
        }
    }

    @Test func scarceImportsStayInFewFiles() throws {
        let imports = try Self.imports()
        for rule in ImportMap.filesMax {
            let files = imports.filter { $0.module == rule.module && $0.imported == rule.imported }.map(\.path)
            #expect(files.count <= rule.files, "\(rule.imported) is imported by \(files)")
        }
    }

    @Test func onlyTheLogToolsOfTheExecutableReadTheStore() throws {
        for found in try Self.imports() where found.module == "millrace" && found.imported == "SegmentStore" {
            #expect(found.path.hasPrefix(ImportMap.storeReaders), "\(found.path) imports SegmentStore")
        }
    }

    @Test func testSupportIsForTestsAlone() throws {
        for found in try Self.imports() {
            let isSupport = found.imported == "BrokerTestSupport" || found.imported == "GroupTestSupport"
            #expect(!isSupport, "\(found.path) imports \(found.imported)")
            #expect(found.imported != "Testing", "\(found.path) imports Testing")
        }
    }

    @Test func cModulesIncludeOnlyTheStandardLibrary() throws {
        for path in Repository.paths where Self.module(of: path).map(ImportMap.cModules.contains) == true {
            guard path.hasSuffix(".c") || path.hasSuffix(".h") else { continue }
            for line in try Repository.lines(of: path) where line.hasPrefix("#include \"") {
                let name = line.dropFirst("#include \"".count).prefix { $0 != "\"" }
                #expect(Repository.paths.contains { $0.hasSuffix("/\(name)") }, "\(path) includes \(name)")
            }
        }
    }

    @Test(arguments: [
        ("import NIOCore", "NIOCore"), ("public import NIOCore", "NIOCore"), ("  import Glibc", "Glibc"),
        ("@preconcurrency import NIOPosix", "NIOPosix"), ("@testable import BrokerCore", "BrokerCore"),
        ("import struct NIOCore.ByteBuffer", "NIOCore"), ("@_exported public import A.B", "A"),
        ("// import NIOCore", nil), ("important = 1", nil), ("let x = import", nil),
    ])
    func findsTheImportOfALine(line: String, imported: String?) {
        #expect(ImportMap.imported(by: line) == imported)
    }

    private static func imports() throws -> [Import] {
        try Repository.swiftFiles(in: "Sources").flatMap { path in
            try Repository.lines(of: path).compactMap { line in
                guard let module = module(of: path), let imported = ImportMap.imported(by: line) else { return nil }
                return Import(module: module, imported: imported, path: path)
            }
        }
    }

    private static func module(of path: String) -> String? {
        let parts = path.split(separator: "/")
        guard parts.count >= 3, parts[0] == "Sources" else { return nil }
        return String(parts[1])
    }
}
