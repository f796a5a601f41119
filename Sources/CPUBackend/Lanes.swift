/// A row of neighbouring pixels held in vector registers.
///
/// The convolution keeps four output channels of one `Lanes` value each in registers. Twenty-four pixels fill the
/// sixteen registers of AVX2 (4·3 sums, 3 inputs, 1 weight); narrower ones finish a row.
protocol Lanes {
    static var count: Int { get }
    init(repeating value: Float)
    init(loading pointer: UnsafePointer<Float>)
    func store(to pointer: UnsafeMutablePointer<Float>)
    mutating func add(_ input: Self, times weight: Float)
    mutating func add(_ other: Self)
    mutating func activate(_ activation: VectorActivation)
}

/// An activation as arithmetic without branches: max(x, 0) + slope · min(x, 0).
///
/// Slope 1 is the identity and 0 is ReLU, so that one form serves all three.
struct VectorActivation {
    let slope: Float
    var isIdentity: Bool { slope == 1 }
}

typealias Vector = SIMD8<Float>

extension Vector {
    @inline(__always) init(unaligned pointer: UnsafePointer<Float>) {
        self = UnsafeRawPointer(pointer).loadUnaligned(as: Vector.self)
    }

    @inline(__always) func store(unaligned pointer: UnsafeMutablePointer<Float>) {
        UnsafeMutableRawPointer(pointer).storeBytes(of: self, as: Vector.self)
    }

    @inline(__always) func activated(_ activation: VectorActivation) -> Vector {
        let positive = self.replacing(with: 0, where: self .< 0)
        let negative = self.replacing(with: 0, where: self .>= 0)
        return positive + negative * activation.slope
    }
}

struct Lanes8: Lanes {
    var a: Vector
    static var count: Int { 8 }
    @inline(__always) init(repeating value: Float) { a = Vector(repeating: value) }
    @inline(__always) init(loading pointer: UnsafePointer<Float>) { a = Vector(unaligned: pointer) }
    @inline(__always) func store(to pointer: UnsafeMutablePointer<Float>) { a.store(unaligned: pointer) }
    @inline(__always) mutating func add(_ input: Self, times weight: Float) {
        a = a.addingProduct(input.a, Vector(repeating: weight))
    }
    @inline(__always) mutating func add(_ other: Self) { a += other.a }
    @inline(__always) mutating func activate(_ activation: VectorActivation) { a = a.activated(activation) }
}

struct Lanes16: Lanes {
    var a: Vector
    var b: Vector
    static var count: Int { 16 }
    @inline(__always) init(repeating value: Float) {
        a = Vector(repeating: value)
        b = a
    }
    @inline(__always) init(loading pointer: UnsafePointer<Float>) {
        a = Vector(unaligned: pointer)
        b = Vector(unaligned: pointer + 8)
    }
    @inline(__always) func store(to pointer: UnsafeMutablePointer<Float>) {
        a.store(unaligned: pointer)
        b.store(unaligned: pointer + 8)
    }
    @inline(__always) mutating func add(_ input: Self, times weight: Float) {
        let w = Vector(repeating: weight)
        a = a.addingProduct(input.a, w)
        b = b.addingProduct(input.b, w)
    }
    @inline(__always) mutating func add(_ other: Self) {
        a += other.a
        b += other.b
    }
    @inline(__always) mutating func activate(_ activation: VectorActivation) {
        a = a.activated(activation)
        b = b.activated(activation)
    }
}

struct Lanes24: Lanes {
    var a: Vector
    var b: Vector
    var c: Vector
    static var count: Int { 24 }
    @inline(__always) init(repeating value: Float) {
        a = Vector(repeating: value)
        b = a
        c = a
    }
    @inline(__always) init(loading pointer: UnsafePointer<Float>) {
        a = Vector(unaligned: pointer)
        b = Vector(unaligned: pointer + 8)
        c = Vector(unaligned: pointer + 16)
    }
    @inline(__always) func store(to pointer: UnsafeMutablePointer<Float>) {
        a.store(unaligned: pointer)
        b.store(unaligned: pointer + 8)
        c.store(unaligned: pointer + 16)
    }
    @inline(__always) mutating func add(_ input: Self, times weight: Float) {
        let w = Vector(repeating: weight)
        a = a.addingProduct(input.a, w)
        b = b.addingProduct(input.b, w)
        c = c.addingProduct(input.c, w)
    }
    @inline(__always) mutating func add(_ other: Self) {
        a += other.a
        b += other.b
        c += other.c
    }
    @inline(__always) mutating func activate(_ activation: VectorActivation) {
        a = a.activated(activation)
        b = b.activated(activation)
        c = c.activated(activation)
    }
}
