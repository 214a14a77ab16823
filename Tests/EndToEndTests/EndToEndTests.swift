import Testing

/// The whole broker as its users meet it: real processes, real sockets, real files.
///
/// One after the other: each of them wants the machine for itself, and the other tests run beside them anyway.
@Suite(.serialized)
enum EndToEndTests {}
