import Console
import Foundation
import Timing

/// `--dry-run`: prints the plan of every result and about how long it would take.
struct DryRun {
    let command: InterpolateCommand

    func run(_ cancellation: Cancellation) throws {
        let network = NetworkLoader(command.network)
        guard let folder = command.scripts.outputDir else { return try single(network) }
        let items: [InterpolateCommand]
        do {
            items = try Batch.items(of: command, in: folder)
            try Batch.checkFolder(folder)
            try command.encoding.settings.checkNames()
            _ = try network.load()
        } catch {
            try printRefusal(error)
            throw error
        }
        let folderExists = access(folder, F_OK) == 0
        var plans: [RunPlan] = []
        var failures: [DryRunReport.Failure] = []
        for item in items {
            try cancellation.check()
            do {
                plans.append(try Planner(command: item, network: network, folderExists: folderExists).plan())
            } catch {
                let outcome = Outcome(of: error)
                if outcome.status == .interrupted { throw error }
                failures.append(
                    DryRunReport.Failure(input: item.inputs[0], error: outcome.error ?? "failed"))
            }
        }
        try print(plans, failures)
        if !failures.isEmpty {
            for failure in failures {
                let isNamed = failure.error.contains(failure.input)
                DiagnosticOutput.standardError.printError(
                    isNamed ? failure.error : "\(failure.input): \(failure.error)")
            }
            throw Failure("\(failures.count) of \(counted(items.count, "input")) would fail")
        }
    }

    private func single(_ network: NetworkLoader) throws {
        let plan: RunPlan
        do {
            plan = try Planner(command: command, network: network, folderExists: true).plan()
        } catch {
            try printRefusal(error)
            throw error
        }
        try print([plan], [])
    }

    private func print(_ plans: [RunPlan], _ failures: [DryRunReport.Failure]) throws {
        let known = plans.compactMap(\.estimate.seconds)
        let total = known.count == plans.count && !plans.isEmpty ? known.reduce(0, +) : nil
        guard command.scripts.json else {
            var texts = plans.map(\.text)
            if plans.count > 1, let total {
                let time = ProgressSnapshot.format(time: .seconds(total))
                texts.append("all \(plans.count) results: about \(time)")
            }
            if !texts.isEmpty {
                try StandardOutput.print(
                    texts.joined(separator: "\n") + "\nnothing was written; times are estimates")
            }
            return
        }
        let status: ExitStatus = failures.isEmpty ? .done : .failed
        try StandardOutput.print(
            RunJSON.object(
                DryRunReport(
                    status: failures.isEmpty ? .done : .failed, exitCode: status.rawValue,
                    estimatedSeconds: total?.rounded(toPlaces: 1), plans: plans, failures: failures)))
    }

    private func printRefusal(_ error: any Error) throws {
        guard command.scripts.json else { return }
        try StandardOutput.print(RunJSON.object(FailureSummary(Outcome(of: error))))
    }
}
