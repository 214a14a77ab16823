/// Calls `body` with the raw name (without quotes) and the value of every field of a valid object, in order, repeated
/// names each time, until it answers false.
///
/// Answers false, without a call, when `object` does not hold an object. See ``JSONCursor`` for what garbage does.
@discardableResult
public func forEachField<Failure: Error>(
    in bytes: UnsafeRawBufferPointer,
    object: Range<Int>,
    _ body: (_ name: Range<Int>, _ value: Range<Int>) throws(Failure) -> Bool
) throws(Failure) -> Bool {
    var cursor = JSONCursor(bytes, value: object)
    guard cursor.enterObject() else { return false }
    while let name = cursor.nextName() {
        guard try body(name, cursor.takeValue()) else { return true }
    }
    return true
}

/// Calls `body` with every element of a valid array, in order, until it answers false.
///
/// Answers false, without a call, when `array` does not hold an array. See ``JSONCursor`` for what garbage does.
@discardableResult
public func forEachElement<Failure: Error>(
    in bytes: UnsafeRawBufferPointer,
    array: Range<Int>,
    _ body: (_ value: Range<Int>) throws(Failure) -> Bool
) throws(Failure) -> Bool {
    var cursor = JSONCursor(bytes, value: array)
    guard cursor.enterArray() else { return false }
    while cursor.nextElement() {
        guard try body(cursor.takeValue()) else { return true }
    }
    return true
}
