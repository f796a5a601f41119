/// A feature map `[C, H, W]` of float32 in a backend's memory.
///
/// A tensor is a view: `channels(_:)` shares the storage, so that layers write their part of a
/// concatenated tensor in place. A fresh tensor's values are undefined.
public protocol BackendTensor: Sendable {
    var shape: Shape { get }

    /// The view of a range of channels.
    func channels(_ range: Range<Int>) -> Self
}

/// What a tensor holds, for backends that store some of it in half precision.
public enum TensorContent: Sendable {
    /// Features inside a network.
    case features
    /// What networks are told and tell: colours, flows and positions, depth, kernel taps. Always float32.
    case values
}

/// The operations that the networks are made of: the contract between a network and the machine it runs on.
///
/// Every operation writes into a tensor that the caller made, which may be a part of a larger one. Unless an
/// operation says otherwise, its output must not overlap its inputs. Shapes that do not fit are
/// programming errors and are asserted; only memory can run out.
public protocol Backend: Sendable {
    associatedtype Tensor: BackendTensor
    /// A convolution's weights in the form that the backend computes with.
    associatedtype Convolution: Sendable

    /// Where operations record what they cost; nil measures nothing.
    var profile: Profile? { get }

    /// Rows that a convolution of very many channels should be given at a time, so that its input takes little memory.
    var rowsPerStrip: Int { get }

    /// Conversion of samples on the machine itself; nil where it is not offered.
    var sampleConversion: (any SampleConversion<Tensor>)? { get }

    /// A tensor of features with undefined values. Throws `TensorError.outOfMemory`.
    func makeTensor(_ shape: Shape) throws -> Tensor

    /// A tensor with undefined values. Throws `TensorError.outOfMemory`.
    func makeTensor(_ shape: Shape, as content: TensorContent) throws -> Tensor

    /// As `makeTensor`, for what `repeating` returns or leaves for later.
    func makeLastingTensor(_ shape: Shape, as content: TensorContent) throws -> Tensor

    /// Copies `[C, H, W]` values from the host.
    func upload(_ values: UnsafeBufferPointer<Float>, to tensor: Tensor) throws

    /// Copies `[C, H, W]` values to the host; all work that they depend on is done when it returns.
    func download(_ tensor: Tensor, to values: UnsafeMutableBufferPointer<Float>) throws

    /// Begins to copy `[C, H, W]` values to the host, and does not wait for the work that they depend on.
    func startDownload(_ tensor: Tensor) throws -> PendingValues

    /// Waits until all work so far is done. What went wrong with it is thrown by the next operation that can.
    func finish()

    // MARK: Order

    /// Does the branches' work, whichever way it overlaps. No branch may read what another writes; a tensor that one makes
    /// and another part of the program uses must outlive the call.
    func concurrently(_ branches: [() throws -> Void]) throws

    /// Does the work of `body`, which comes again and again; a backend may record it the first times and repeat the recording.
    ///
    /// What `body` does must follow from the name, the inputs and their shapes, apart from what it uploads and the
    /// time that it hands to operations. The output's tensors must be lasting ones, and are written again once nobody holds the
    /// lease.
    /// - Parameters:
    ///   - inputs: Every tensor that `body` reads and did not make.
    ///   - bytes: What `body` uploads: values or samples.
    ///   - t: The time that `body` hands to `blend` and in a `TimedScale`.
    ///   - mayOverlap: Whether the work may be done beside other work that was begun before. It must read nothing but outputs
    ///     of such work.
    func repeating<Output: Sendable>(
        _ name: String, reading inputs: [Tensor], uploading bytes: UnsafeRawBufferPointer?, at t: Float?,
        mayOverlap: Bool, _ body: () throws -> Output
    ) throws -> Repeated<Output>

    // MARK: Convolution

    /// Brings weights into the form that `convolve` uses; done once, when a network is loaded.
    func prepare(_ description: ConvolutionDescription, _ weights: ConvolutionWeights) throws -> Convolution

    /// output = activation(convolution(input) + bias + residual). The residual may be the output itself.
    func convolve(
        _ input: Tensor, with convolution: Convolution, adding residual: Tensor?, into output: Tensor)
        throws

    /// Spreads each group of four channels over 2×2 pixels: channel `4·c + 2·dy + dx` at (x, y) becomes
    /// channel c at (2x+dx, 2y+dy).
    func depthToSpace(_ input: Tensor, into output: Tensor)

    // MARK: Resizing

    /// Maximum over 2×2 pixels, stride 2.
    func maxPool(_ input: Tensor, into output: Tensor)

    /// Mean over 2×2 pixels, stride 2.
    func averagePool(_ input: Tensor, into output: Tensor)

    /// Adds the input, each pixel repeated 2×2 times, to what the output holds.
    func addUpsampledNearest(_ input: Tensor, to output: Tensor)

    /// output = bilinear upsampling (pixel centres aligned at half integers, as `align_corners = false`)
    /// of input · scale, plus `residual`.
    func upsampleBilinear(
        _ input: Tensor, factor: Int, scale: TimedScale, adding residual: Tensor?, into output: Tensor)

    /// Copies the input to (left, top) of a larger output and repeats its border outwards.
    func padReplicating(_ input: Tensor, left: Int, top: Int, into output: Tensor)

    /// Copies the part of the input whose first pixel is (left, top).
    func crop(_ input: Tensor, left: Int, top: Int, into output: Tensor)

    /// Copies a tensor of the same shape.
    func copy(_ input: Tensor, into output: Tensor)

    /// Copies rows of the input to those of the output that begin with `row`; both have the same channels and width.
    func copyRows(_ rows: Range<Int>, of input: Tensor, into output: Tensor, at row: Int)

    // MARK: Motion

    /// The cost volume of PWC-Net (Sun et al. 2018, §3): output channel `(dy+4)·9 + (dx+4)` is the mean over
    /// channels of first(x, y) · second(x+dx, y+dy), zero outside; then LeakyReLU of slope 0.1.
    func correlate(_ first: Tensor, _ second: Tensor, into output: Tensor)

    /// Samples the input bilinearly at (x + scale·u, y + scale·v), zeros outside; a pixel whose sampling
    /// weights inside the image sum to less than 0.9999 becomes zero.
    func warpBackward(_ input: Tensor, by flow: Tensor, scale: Float, into output: Tensor)

    /// exp(-log depth) + 1e-6: nearer pixels weigh more.
    func invertDepth(_ logDepth: Tensor, into output: Tensor)

    /// Depth-aware flow projection (Bao et al. 2019, §3.2): moves each flow vector along itself, averages with
    /// the weights where several land and negates; fills holes from their row and column. Without weights every
    /// vector counts the same. Deterministic: the same result for any number of threads.
    func projectFlow(_ flow: Tensor, weights: Tensor?, into output: Tensor) throws

    /// Adaptive warping (Bao et al. 2019, §3.3): for each pixel of all channels the 4×4 neighbourhood at
    /// its flow target, weighted by `taps` (`[16, H, W]`) and bilinear coefficients; a pixel whose target is outside,
    /// or further than half of the image away, is copied. Only `rows` of the result are made: the output has no others.
    func warpAdaptively(
        _ input: Tensor, by flow: Tensor, taps: Tensor, rows: Range<Int>, into output: Tensor) throws

    /// Warps both contexts and images adaptively and puts together what frame synthesis reads.
    /// - Parameters:
    ///   - rows: Rows of the new frame that `input` has; it has no others.
    ///   - input: `[pair.channels, rows, W]`, in the order of `WarpedPair.channels`.
    ///   - blend: `[3, H, W]`, of which these rows are written: the mean of the warped images, weighted by time.
    func assemble(_ pair: WarpedPair<Tensor>, rows: Range<Int>, into input: Tensor, blend: Tensor) throws

    // MARK: Pixels

    /// output = (1 - t)·first + t·second.
    func blend(_ first: Tensor, _ second: Tensor, at t: Float, into output: Tensor)
}

extension Backend {
    /// Thirteen tiles of the transform of a 7×7 convolution, which writes ten rows each: the halo costs 4 % of the
    /// convolution.
    public var rowsPerStrip: Int { 130 }

    public var sampleConversion: (any SampleConversion<Tensor>)? { nil }

    /// For backends whose operations are done when they return.
    public func finish() {}

    public func assemble(_ pair: WarpedPair<Tensor>, rows: Range<Int>, into input: Tensor, blend: Tensor)
        throws
    {
        try assembleSeparately(pair, rows: rows, into: input, blend: blend)
    }

    public func makeLastingTensor(_ shape: Shape, as content: TensorContent) throws -> Tensor {
        try makeTensor(shape, as: content)
    }

    public func startDownload(_ tensor: Tensor) throws -> PendingValues {
        PendingValues { try download(tensor, to: $0) }
    }

    public func concurrently(_ branches: [() throws -> Void]) throws {
        for branch in branches { try branch() }
    }

    public func repeating<Output: Sendable>(
        _ name: String, reading inputs: [Tensor], uploading bytes: UnsafeRawBufferPointer?, at t: Float?,
        mayOverlap: Bool, _ body: () throws -> Output
    ) throws -> Repeated<Output> {
        Repeated(output: try body(), lease: nil)
    }

    /// For backends that store everything as float32.
    public func makeTensor(_ shape: Shape, as content: TensorContent) throws -> Tensor {
        try makeTensor(shape)
    }
}
