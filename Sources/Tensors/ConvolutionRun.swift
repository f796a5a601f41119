/// One convolution that a backend ran, for profiles.
public struct ConvolutionRun: Sendable {
    /// The layer's published key.
    public var layer: String
    /// How it was computed.
    public var algorithm: String
    public var description: ConvolutionDescription
    public var output: Shape
    /// Counted as a direct convolution needs them.
    public var multiplyAdds: Int
    public var duration: Duration

    public init(
        layer: String, algorithm: String, description: ConvolutionDescription, output: Shape,
        multiplyAdds: Int, duration: Duration
    ) {
        self.layer = layer
        self.algorithm = algorithm
        self.description = description
        self.output = output
        self.multiplyAdds = multiplyAdds
        self.duration = duration
    }
}
