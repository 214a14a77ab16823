import BrokerCore
import RecordFormat
import Testing

@testable import BrokerAPI

@Suite struct SessionTokensTests {
    private let tokens = SessionTokens(secretKey: [UInt8](repeating: 7, count: 32))
    private let group = GroupName(internal: "billing")

    @Test func aTokenNamesItsMember() {
        let token = tokens.token(group: group, member: "m-1", principal: .anonymous)
        #expect(tokens.member(of: token, group: group, principal: .anonymous) == "m-1")
        #expect(token.utf8.allSatisfy { $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "=") })
    }

    @Test func aTokenIsBoundToGroupPrincipalAndKey() throws {
        let token = tokens.token(group: group, member: "m-1", principal: .anonymous)
        let other = GroupName(internal: "billin")
        let elsewhere = try GroupName(validating: "billing", in: Namespace(validating: "team"))
        #expect(tokens.member(of: token, group: other, principal: .anonymous) == nil)
        #expect(tokens.member(of: token, group: elsewhere, principal: .anonymous) == nil)
        #expect(tokens.member(of: token, group: group, principal: Principal(name: "eve")) == nil)
        let foreign = SessionTokens(secretKey: [UInt8](repeating: 8, count: 32))
        #expect(foreign.member(of: token, group: group, principal: .anonymous) == nil)
    }

    @Test func everyChangeOfATokenIsNoticed() {
        let token = Array(tokens.token(group: group, member: "m-1", principal: .anonymous).utf8)
        for index in token.indices {
            var changed = token
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let text = String(decoding: changed, as: UTF8.self)
            #expect(tokens.member(of: text, group: group, principal: .anonymous) == nil)
            let short = String(decoding: token[..<index], as: UTF8.self)
            #expect(tokens.member(of: short, group: group, principal: .anonymous) == nil)
        }
    }

    @Test(arguments: ["", ".", "bS0x", "bS0x.", ".AAAA", "a.b.c", "bS0x.AAAA", "bQBi.AAAA", "🙂.AAAA"])
    func garbageIsNoToken(text: String) {
        #expect(tokens.member(of: text, group: group, principal: .anonymous) == nil)
    }
}
