import Foundation
import Interpolation
import Logging
import Media

/// Makes the picture between two images.
struct ImagePairJob {
    let command: InterpolateCommand
    /// Told what happens.
    let monitor: RunMonitor
    let network: NetworkLoader

    /// Checks that the result can be written. Returns its name, too.
    func open() throws -> (output: String, ImageWriter) {
        for input in command.inputs where access(input, F_OK) != 0 {
            throw BadUsage("\(input): no such file; if it names the result, write -o \(input)")
        }
        // What looks like a video in a name is mostly one: that is said before anything about the output.
        for input in command.inputs where !ImageWriter.isImage(input) { _ = try picture(input) }
        let output =
            command.output
            ?? OutputName.beside(command.inputs[0], label: "t\(timestep)")
        monitor.setOutput(output)
        if output == StandardStream.path {
            throw BadUsage("one image is written to a file; name it with -o")
        }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: output, isDirectory: &isFolder), isFolder.boolValue {
            throw BadUsage("\(output): is a folder; name a file, such as 'middle.png' in it")
        }
        if ImageSequenceWriter.isSequence(output) {
            throw BadUsage(
                "\(output): is for many images, and two make one; name a file, such as 'middle.png'")
        }
        let writer = try ImageWriter(
            like: output, settings: command.encoding.settings, overwrite: !command.noOverwrite,
            inputs: command.inputs)
        try writer.check(output)
        if command.output == nil,
            let neighbour = try ImageWriter.neighbour(of: output, besides: command.inputs)
        {
            monitor.warn(
                "\(output): is written among other images, such as \(neighbour), and a run on their folder takes it for one of "
                    + "its frames; -o names another place")
        }
        return (output, writer)
    }

    /// Both images, which have one size.
    func pictures() throws -> (VideoFrame, VideoFrame) {
        let (first, second) = (try picture(command.inputs[0]), try picture(command.inputs[1]))
        guard first.width == second.width, first.height == second.height else {
            throw BadUsage(
                "the images differ in size: \(first.width)x\(first.height) and \(second.width)x\(second.height)"
            )
        }
        return (first, second)
    }

    private var timestep: Float { command.timestep ?? 0.5 }

    func run() throws {
        let (output, writer) = try open()
        let (first, second) = try monitor.clock.measure(.decode) { try pictures() }
        let converter = monitor.timed(FrameConverter(pixelFormat: command.encoding.pixFmt))
        try monitor.setDevice(of: network)
        let image = try middle(
            of: converter.image(of: first), converter.image(of: second), by: network.load())
        let made = try converter.picture(showing: image, between: first, and: second, at: timestep)
        try monitor.clock.measure(.encode) { try writer.write(made, to: output) }
        monitor.setFrames(input: 2, output: 1, new: 1)
        for note in writer.notes { monitor.warn(note) }
        Logger(label: "dain.interpolate").notice("wrote \(output)")
    }

    private func middle(of first: RGBImage, _ second: RGBImage, by interpolator: some Interpolator) throws
        -> RGBImage
    {
        let interpolator = monitor.timed(interpolator)
        let pair = try interpolator.prepare(interpolator.prepare(first), interpolator.prepare(second))
        return try interpolator.interpolate(pair, at: timestep)
    }

    /// The only picture of a file.
    private func picture(_ path: String) throws -> VideoFrame {
        let reader = try VideoReader(path: path, settings: command.input.settings)
        guard !reader.isSequence, let frame = try reader.nextFrame() else {
            throw BadUsage("\(path): not one image")
        }
        guard try reader.nextFrame() == nil else {
            throw BadUsage(
                "\(path): is a video; two inputs are two images, unless --output-dir names a folder for a result of each"
            )
        }
        return frame
    }
}
