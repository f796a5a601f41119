/// Convolution by Fourier transforms of 16×16 tiles (Mathieu, Henaff & LeCun, ICLR 2014), with overlap-save.
///
/// A real tile's spectrum has 4 real values and 126 complex ones that do not follow from others. A complex product
/// takes three real ones (Gauss): (c·(a+b), a·(d-c), b·(c+d)) for (a+bi)·(c+di), so that a tile needs
/// 382 products, which are 3.8 for each output of a 7×7 kernel instead of 49. Larger tiles need fewer (2.3 for 32×32), but
/// their filters take four times the memory, and transforms and memory already cost as much as the products.
///
/// Rows are transformed in pairs, as real and imaginary part of one sequence. Splitting their spectra leaves a factor two in
/// every complex value of tiles and filters; the filters' scale takes it out.
struct FourierTransform: TileTransform {
    let kernel: Int
    var size: Int { ComplexFourier.length }
    var outputSize: Int { size - kernel + 1 }
    var planes: Int { 3 * Self.complexCount + 4 }
    /// A spectrum's columns, and a filter's tile.
    var workCount: Int { 2 * Self.tile }

    private static let tile = 256
    /// The complex values of columns 1 to 7, then those of columns 0 and 8 in turn.
    private static let complexCount = 126

    func forward(
        _ samples: UnsafePointer<Vector>, work: UnsafeMutablePointer<Vector>,
        to target: UnsafeMutablePointer<Float>, stride: Int
    ) {
        spectrum(samples, rows: 16, columns: work) { index, value in
            let plane = target + 3 * index * stride
            (value.re + value.im).store(unaligned: plane)
            value.re.store(unaligned: plane + stride)
            value.im.store(unaligned: plane + 2 * stride)
        } real: { index, value in
            value.store(unaligned: target + (3 * Self.complexCount + index) * stride)
        }
    }

    func filter(
        _ taps: UnsafePointer<Vector>, work: UnsafeMutablePointer<Vector>,
        to target: UnsafeMutablePointer<Float>, stride: Int
    ) {
        let samples = work + Self.tile
        samples.update(repeating: Vector(repeating: 0), count: Self.tile)
        for row in 0..<kernel { (samples + 16 * row).update(from: taps + kernel * row, count: kernel) }
        // 1/256 for the inverse transform; a quarter for the factors of two in the spectra of tile and filter.
        let (scale, quarter): (Float, Float) = (1 / 256, 1 / 1024)
        spectrum(samples, rows: (kernel + 1) / 2 * 2, columns: work) { index, value in
            // Layers correlate: the filter's spectrum is conjugated.
            let (re, im) = (quarter * value.re, -quarter * value.im)
            let plane = target + 3 * index * stride
            re.store(unaligned: plane)
            (im - re).store(unaligned: plane + stride)
            (re + im).store(unaligned: plane + 2 * stride)
        } real: { index, value in
            (scale * value).store(unaligned: target + (3 * Self.complexCount + index) * stride)
        }
    }

    /// The spectrum of a real tile whose rows from `rows` on are zero; complex values are doubled.
    @inline(__always)
    private func spectrum(
        _ samples: UnsafePointer<Vector>, rows: Int, columns: UnsafeMutablePointer<Vector>,
        complex: (Int, ComplexVector) -> Void, real: (Int, Vector) -> Void
    ) {
        let zero = Vector(repeating: 0)
        for row in stride(from: 0, to: 16, by: 2) {
            let (re, im) = (columns + row, columns + 128 + row)
            if row >= rows {
                for column in 0..<8 {
                    (re[16 * column], re[16 * column + 1]) = (zero, zero)
                    (im[16 * column], im[16 * column + 1]) = (zero, zero)
                }
                continue
            }
            let first = samples + 16 * row
            withPair { pair in
                ComplexFourier.transform {
                    ComplexVector(first[$0], first[16 + $0])
                } _: {
                    pair[$0] = $1
                }
                // Columns 0 and 8 are real; they share one complex column from here on.
                (re[0], im[0]) = (pair[0].re, pair[8].re)
                (re[1], im[1]) = (pair[0].im, pair[8].im)
                for column in 1..<8 {
                    let (z, mirrored) = (pair[column], pair[16 - column])
                    re[16 * column] = z.re + mirrored.re
                    im[16 * column] = z.im - mirrored.im
                    re[16 * column + 1] = z.im + mirrored.im
                    im[16 * column + 1] = mirrored.re - z.re
                }
            }
        }
        for column in 1..<8 {
            let (re, im) = (columns + 16 * column, columns + 128 + 16 * column)
            ComplexFourier.transform {
                ComplexVector(re[$0], im[$0])
            } _: {
                complex(16 * (column - 1) + $0, $1)
            }
        }
        withPair { pair in
            ComplexFourier.transform {
                ComplexVector(columns[$0], columns[128 + $0])
            } _: {
                pair[$0] = $1
            }
            real(0, pair[0].re)
            real(1, pair[0].im)
            real(2, pair[8].re)
            real(3, pair[8].im)
            for row in 1..<8 {
                let (z, mirrored) = (pair[row], pair[16 - row])
                complex(110 + 2 * row, ComplexVector(z.re + mirrored.re, z.im - mirrored.im))
                complex(111 + 2 * row, ComplexVector(z.im + mirrored.im, mirrored.re - z.re))
            }
        }
    }

    func inverse(
        _ source: UnsafePointer<Float>, stride planeStride: Int, work: UnsafeMutablePointer<Vector>,
        to outputs: UnsafeMutablePointer<Vector>
    ) {
        func complex(_ index: Int) -> ComplexVector {
            let plane = source + 3 * index * planeStride
            let first = Vector(unaligned: plane)
            return ComplexVector(
                first - Vector(unaligned: plane + 2 * planeStride),
                first + Vector(unaligned: plane + planeStride))
        }
        func real(_ index: Int) -> Vector {
            Vector(unaligned: source + (3 * Self.complexCount + index) * planeStride)
        }
        for column in 1..<8 {
            let (re, im) = (work + 16 * column, work + 128 + 16 * column)
            ComplexFourier.transform {
                complex(16 * (column - 1) + $0).swapped
            } _: {
                (re[$0], im[$0]) = ($1.im, $1.re)
            }
        }
        withPair { pair in
            pair[0] = ComplexVector(real(0), real(1))
            pair[8] = ComplexVector(real(2), real(3))
            for row in 1..<8 {
                let (first, second) = (complex(110 + 2 * row), complex(111 + 2 * row))
                pair[row] = ComplexVector(first.re - second.im, first.im + second.re)
                pair[16 - row] = ComplexVector(first.re + second.im, second.re - first.im)
            }
            ComplexFourier.transform {
                pair[$0].swapped
            } _: {
                (work[$0], work[128 + $0]) = ($1.im, $1.re)
            }
        }
        let count = outputSize
        for row in stride(from: 0, to: count, by: 2) {
            let (re, im) = (work + row, work + 128 + row)
            withPair { pair in
                pair[0] = ComplexVector(re[0], re[1])
                pair[8] = ComplexVector(im[0], im[1])
                for column in 1..<8 {
                    let (first, second) = (
                        ComplexVector(re[16 * column], im[16 * column]),
                        ComplexVector(re[16 * column + 1], im[16 * column + 1])
                    )
                    pair[column] = ComplexVector(first.re - second.im, first.im + second.re)
                    pair[16 - column] = ComplexVector(first.re + second.im, second.re - first.im)
                }
                let hasSecond = row + 1 < count
                let target = outputs + count * row
                ComplexFourier.transform {
                    pair[$0].swapped
                } _: {
                    if $0 < count {
                        target[$0] = $1.im
                        if hasSecond { target[count + $0] = $1.re }
                    }
                }
            }
        }
    }

    /// Sixteen complex values on the stack.
    @inline(__always)
    private func withPair(_ body: (UnsafeMutablePointer<ComplexVector>) -> Void) {
        withUnsafeTemporaryAllocation(of: ComplexVector.self, capacity: ComplexFourier.length) {
            body($0.baseAddress!)
        }
    }
}
