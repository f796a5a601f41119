/// Eight vectors of eight lanes.
struct Block {
    private var v0, v1, v2, v3, v4, v5, v6, v7: Vector

    @inline(__always) init(_ vector: (Int) -> Vector) {
        (v0, v1, v2, v3) = (vector(0), vector(1), vector(2), vector(3))
        (v4, v5, v6, v7) = (vector(4), vector(5), vector(6), vector(7))
    }

    @inline(__always) func forEach(_ body: (Int, Vector) -> Void) {
        body(0, v0)
        body(1, v1)
        body(2, v2)
        body(3, v3)
        body(4, v4)
        body(5, v5)
        body(6, v6)
        body(7, v7)
    }

    /// Stores the first `count` vectors.
    @inline(__always) func store(to target: UnsafeMutablePointer<Vector>, count: Int) {
        forEach { if $0 < count { target[$0] = $1 } }
    }

    /// Exchanges vectors and lanes: pairs, then pairs of pairs, then halves, each one shuffle instruction of AVX.
    @inline(__always) mutating func transpose() {
        let (a0, a1) = (Self.low(v0, v1), Self.high(v0, v1))
        let (a2, a3) = (Self.low(v2, v3), Self.high(v2, v3))
        let (a4, a5) = (Self.low(v4, v5), Self.high(v4, v5))
        let (a6, a7) = (Self.low(v6, v7), Self.high(v6, v7))
        let (b0, b1) = (Self.lowPairs(a0, a2), Self.highPairs(a0, a2))
        let (b2, b3) = (Self.lowPairs(a1, a3), Self.highPairs(a1, a3))
        let (b4, b5) = (Self.lowPairs(a4, a6), Self.highPairs(a4, a6))
        let (b6, b7) = (Self.lowPairs(a5, a7), Self.highPairs(a5, a7))
        (v0, v4) = (Self.lowHalves(b0, b4), Self.highHalves(b0, b4))
        (v1, v5) = (Self.lowHalves(b1, b5), Self.highHalves(b1, b5))
        (v2, v6) = (Self.lowHalves(b2, b6), Self.highHalves(b2, b6))
        (v3, v7) = (Self.lowHalves(b3, b7), Self.highHalves(b3, b7))
    }

    @inline(__always) private static func low(_ a: Vector, _ b: Vector) -> Vector {
        Vector(a[0], b[0], a[1], b[1], a[4], b[4], a[5], b[5])
    }
    @inline(__always) private static func high(_ a: Vector, _ b: Vector) -> Vector {
        Vector(a[2], b[2], a[3], b[3], a[6], b[6], a[7], b[7])
    }
    @inline(__always) private static func lowPairs(_ a: Vector, _ b: Vector) -> Vector {
        Vector(a[0], a[1], b[0], b[1], a[4], a[5], b[4], b[5])
    }
    @inline(__always) private static func highPairs(_ a: Vector, _ b: Vector) -> Vector {
        Vector(a[2], a[3], b[2], b[3], a[6], a[7], b[6], b[7])
    }
    @inline(__always) private static func lowHalves(_ a: Vector, _ b: Vector) -> Vector {
        Vector(a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3])
    }
    @inline(__always) private static func highHalves(_ a: Vector, _ b: Vector) -> Vector {
        Vector(a[4], a[5], a[6], a[7], b[4], b[5], b[6], b[7])
    }
}
