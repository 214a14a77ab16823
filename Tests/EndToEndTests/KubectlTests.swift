import Foundation
import Testing

extension EndToEndTests {
    /// `kubectl`, every one that there is and Debian's in any case, on collections.
    @Suite struct KubectlTests {
        @Test(.timeLimit(.minutes(5)))
        func everyKubectlReadsWritesAndWatches() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                let curl = Curl(broker, sandbox)
                for program in try Kubectl.all() {
                    let made = try await curl.send("PUT", "/v1/topics/prices", json: #"{"cleanup":"compact"}"#)
                    #expect(made.status == 201)
                    let kubectl = Kubectl(program: program, sandbox: sandbox, server: broker.server)
                    let release = try await kubectl.release()
                    print("kubectl \(release.text): \(program.path)")
                    try await read(kubectl)
                    try await write(kubectl)
                    try await apply(kubectl)
                    try await restore(kubectl)
                    try await watch(kubectl, minor: release.minor)
                    try await refusals(kubectl)
                    #expect(try await curl.send("/v1/topics/prices", "-X", "DELETE").status == 204)
                }
            }
        }

        private func read(_ kubectl: Kubectl) async throws {
            let aapl = try kubectl.file("AAPL", "{bid: 18.5}", labels: "{tier: gold}")
            #expect(try await kubectl.output("create", "--validate=false", "-f", aapl).output.contains("created"))
            let msft = try kubectl.file("MSFT", "{bid: 7}")
            #expect(try await kubectl.output("create", "-f", msft).output.contains("prices.millrace.dev/MSFT created"))
            let resources = try await kubectl.output("api-resources", "--api-group", "millrace.dev").rows
            #expect(resources.contains { $0.first == "prices" && $0.last == "Prices" }, "\(resources)")

            let table = try await kubectl.output("get", "prices").rows
            #expect(table.first == ["NAME", "VERSION", "AGE"])
            #expect(table.dropFirst().map(\.first) == ["AAPL", "MSFT"])
            let everywhere = try await kubectl.output("get", "prices", "-A").rows
            #expect(everywhere.dropFirst().first?.prefix(2) == ["default", "AAPL"], "\(everywhere)")
            let golden = try await kubectl.output("get", "prices", "-l", "tier in (gold,silver)", "-o", "name")
            #expect(golden.output == "prices.millrace.dev/AAPL\n")
            let fields = "metadata.name!=AAPL,value.bid=7"
            let found = try await kubectl.output("get", "prices", "--field-selector", fields, "-o", "name")
            #expect(found.output == "prices.millrace.dev/MSFT\n")
            let yaml = try await kubectl.output("get", "prices", "AAPL", "-o", "yaml").output
            for line in ["kind: Prices", "  namespace: default", "    tier: gold", "value:\n  bid: 18.5"] {
                #expect(yaml.contains(line), "\(yaml)")
            }
        }

        private func write(_ kubectl: Kubectl) async throws {
            try await kubectl.output("patch", "prices", "AAPL", "--type=merge", "-p", #"{"value":{"bid":19}}"#)
            try await kubectl.output("label", "prices", "AAPL", "desk=7")
            let columns = "custom-columns=B:.value.bid,L:.metadata.labels.desk,T:.metadata.labels.tier"
            let row = try await kubectl.output("get", "prices", "AAPL", "--no-headers", "-o", columns).rows.first
            #expect(row == ["19", "7", "gold"])
            try await kubectl.output("replace", "-f", try kubectl.file("AAPL", "[1]"))
            let value = try await kubectl.output("get", "prices", "AAPL", "-o", "jsonpath={.value[0]}").output
            #expect(value == "1")
        }

        private func apply(_ kubectl: Kubectl) async throws {
            func apply(_ value: String) async throws -> String {
                try await kubectl.output("apply", "-f", try kubectl.file("GOOG", value, labels: "{tier: silver}"))
                    .output
            }
            #expect(try await apply("{a: 1, b: 2}").hasSuffix("created\n"))
            #expect(try await apply("{a: 1, b: 2}").hasSuffix("unchanged\n"))
            #expect(try await apply("{a: 3}").hasSuffix("configured\n"))
            // What was left out is gone: the annotation of the last time says so.
            let value = try await kubectl.output("get", "prices", "GOOG", "-o", "jsonpath={.value}").output
            #expect(value.filter { $0 != "\"" } == "{a:3}" || value == "map[a:3]")
        }

        /// Several objects go into a file and back: the kind `List` is Kubernetes' own.
        private func restore(_ kubectl: Kubectl) async throws {
            let list = try await kubectl.output("get", "prices", "-o", "yaml").output
            #expect(list.contains("kind: List"))
            let file = try kubectl.file(list)
            try await kubectl.output("delete", "-f", file)
            #expect(try await kubectl.output("get", "prices", "-o", "name").output.isEmpty)
            let made = try kubectl.file(list.replacing(#/(?m)^    (resourceVersion|uid): .*\n/#, with: ""))
            #expect(try await kubectl.output("apply", "-f", made).rows.count == 3)
            #expect(try await kubectl.output("replace", "-f", made).rows.count == 3)
            let namespaces = try await kubectl.output("get", "ns", "-o", "name").output
            #expect(namespaces == "namespace/default\n")
        }

        private func watch(_ kubectl: Kubectl, minor: Int) async throws {
            let all = try kubectl.start(["get", "prices", "-w"])
            let one = try kubectl.start(["get", "prices", "MSFT", "--watch-only", "-o", "jsonpath={.value.bid}."])
            try await eventually("the list comes first") { all.outputText.split(separator: "\n").count == 4 }
            // It has no list to show that it watches: changes come until it tells one.
            var bid = 100
            try await eventually("the one that is watched is told") {
                bid += 1
                try await kubectl.output("patch", "prices", "MSFT", "--type=merge", "-p", #"{"value":{"bid":\#(bid)}}"#)
                return one.outputText.contains(".")
            }
            if minor >= 23 {
                let done = "jsonpath={.value.bid}=\(bid)"
                try await kubectl.output("wait", "prices/MSFT", "--for", done, "--timeout=30s")
            }
            // It waits until a watch tells it that the object is gone.
            try await kubectl.output("delete", "prices", "MSFT")
            try await eventually("every change is a line") {
                all.outputText.components(separatedBy: "MSFT").count - 1 == bid - 100 + 2
            }
            #expect(all.outputText.components(separatedBy: "NAME").count == 2, "\(all.outputText)")
            for child in [all, one] { child.send(SIGINT) }
        }

        private func refusals(_ kubectl: Kubectl) async throws {
            func refused(_ words: String, _ answer: Kubectl.Answer) {
                #expect(!answer.isDone && answer.errors.contains(words), "\(words): \(answer.output)\(answer.errors)")
            }
            refused("(NotFound)", try await kubectl.run("get", "prices", "NONE"))
            // Another namespace has it: this one has none of its objects.
            let none = try await kubectl.run("get", "prices", "-n", "other")
            #expect(none.isDone && none.errors.contains("No resources found in other namespace"), "\(none.errors)")
            refused("namespaces \"other\" not found", try await kubectl.run("get", "prices", "AAPL", "-n", "other"))
            let file = try kubectl.file("AAPL", "1")
            refused("erver-side apply", try await kubectl.run("apply", "--server-side", "-f", file))
            refused("--type=merge", try await kubectl.run("patch", "prices", "AAPL", "-p", "{}"))
            refused("character", try await kubectl.run("get", "prices", "--field-selector", "spec.bid=1"))
            let gone = try await kubectl.output("delete", "prices", "--all").rows
            let names = Set(gone.compactMap { $0.dropFirst().first })
            #expect(names == [#""AAPL""#, #""GOOG""#] && gone.count == 2, "\(gone)")
        }
    }
}
