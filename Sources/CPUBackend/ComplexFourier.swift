/// Complex numbers of eight lanes, real and imaginary parts apart.
struct ComplexVector {
    var re: Vector
    var im: Vector

    @inline(__always) init(_ re: Vector, _ im: Vector) {
        self.re = re
        self.im = im
    }

    @inline(__always) static func + (a: ComplexVector, b: ComplexVector) -> ComplexVector {
        ComplexVector(a.re + b.re, a.im + b.im)
    }

    @inline(__always) static func - (a: ComplexVector, b: ComplexVector) -> ComplexVector {
        ComplexVector(a.re - b.re, a.im - b.im)
    }

    /// The product with -i.
    @inline(__always) var turned: ComplexVector { ComplexVector(im, -re) }

    /// The product with x + i·y.
    @inline(__always) func times(_ x: Float, _ y: Float) -> ComplexVector {
        ComplexVector(x * re - y * im, x * im + y * re)
    }

    /// Real and imaginary part exchanged. The inverse transform of z, times its length, is the swapped transform of z
    /// swapped.
    @inline(__always) var swapped: ComplexVector { ComplexVector(im, re) }
}

/// The discrete Fourier transform of length 16, for eight lanes at once.
enum ComplexFourier {
    static let length = 16

    /// X[k] = Σ x[n]·exp(-2πi·k·n/16), in two steps of four transforms of length four (Cooley & Tukey, 1965).
    ///
    /// `load` and `store` say where values come from and go to, and are inlined: what surrounds a transform (joining two real
    /// sequences, splitting their spectra) costs no pass over memory.
    @inline(__always)
    static func transform(_ load: (Int) -> ComplexVector, _ store: (Int, ComplexVector) -> Void) {
        // cos and sin of π/8, and of π/4.
        let (c, s, h): (Float, Float, Float) = (0.923_879_5, 0.382_683_43, 0.707_106_78)
        let y0 = quarter(load(0), load(4), load(8), load(12))
        let y1 = quarter(load(1), load(5), load(9), load(13))
        let y2 = quarter(load(2), load(6), load(10), load(14))
        let y3 = quarter(load(3), load(7), load(11), load(15))
        let x0 = quarter(y0.0, y1.0, y2.0, y3.0)
        store(0, x0.0)
        store(4, x0.1)
        store(8, x0.2)
        store(12, x0.3)
        let x1 = quarter(y0.1, y1.1.times(c, -s), y2.1.times(h, -h), y3.1.times(s, -c))
        store(1, x1.0)
        store(5, x1.1)
        store(9, x1.2)
        store(13, x1.3)
        let x2 = quarter(y0.2, y1.2.times(h, -h), y2.2.turned, y3.2.times(-h, -h))
        store(2, x2.0)
        store(6, x2.1)
        store(10, x2.2)
        store(14, x2.3)
        let x3 = quarter(y0.3, y1.3.times(s, -c), y2.3.times(-h, -h), y3.3.times(-c, s))
        store(3, x3.0)
        store(7, x3.1)
        store(11, x3.2)
        store(15, x3.3)
    }

    /// The transform of length four.
    @inline(__always)
    private static func quarter(
        _ a: ComplexVector, _ b: ComplexVector, _ c: ComplexVector, _ d: ComplexVector
    ) -> (ComplexVector, ComplexVector, ComplexVector, ComplexVector) {
        let (sumAC, differenceAC) = (a + c, a - c)
        let (sumBD, differenceBD) = (b + d, (b - d).turned)
        return (sumAC + sumBD, differenceAC + differenceBD, sumAC - sumBD, differenceAC - differenceBD)
    }
}
