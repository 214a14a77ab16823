import SegmentStore

/// A step of a repair as `repair` prints it.
struct RepairStepDocument: Encodable {
    let type = "step"
    let number: Int
    let summary: String
    let loses: String?
    let keeps: String

    init(_ step: RepairStep, number: Int) {
        self.number = number
        summary = step.summary
        loses = step.loses
        keeps = step.keeps.string
    }
}

/// How a repair ended.
struct RepairEnd: Encodable {
    let type = "end"
    let sound: Bool
    let text: String
}
