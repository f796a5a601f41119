/// A picture that is drawn on: red, green and blue bytes of each pixel, row by row. What lies outside is not drawn.
public struct Canvas: Sendable {
    public struct Colour: Sendable, Equatable {
        public var red: UInt8
        public var green: UInt8
        public var blue: UInt8

        public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
            (self.red, self.green, self.blue) = (red, green, blue)
        }

        static let paper = Colour(255, 255, 255)
        static let ink = Colour(40, 40, 40)
        static let faint = Colour(215, 215, 215)
        static let interpolated = Colour(0, 90, 200)
        static let average = Colour(220, 110, 0)
    }

    public let width: Int
    public let height: Int
    /// `3 · width · height` bytes.
    public private(set) var bytes: [UInt8]

    public init(width: Int, height: Int) {
        (self.width, self.height) = (width, height)
        bytes = [UInt8](repeating: 255, count: 3 * width * height)
    }

    public subscript(x: Int, y: Int) -> Colour {
        get {
            let start = 3 * (y * width + x)
            return Colour(bytes[start], bytes[start + 1], bytes[start + 2])
        }
        set {
            guard (0..<width).contains(x), (0..<height).contains(y) else { return }
            let start = 3 * (y * width + x)
            (bytes[start], bytes[start + 1], bytes[start + 2]) = (newValue.red, newValue.green, newValue.blue)
        }
    }

    mutating func fill(x: Int, y: Int, width: Int, height: Int, _ colour: Colour) {
        for row in y..<y + height { for column in x..<x + width { self[column, row] = colour } }
    }

    /// A line two pixels wide, without steps that are left out.
    mutating func line(from start: (x: Int, y: Int), to end: (x: Int, y: Int), _ colour: Colour) {
        let steps = max(abs(end.x - start.x), abs(end.y - start.y), 1)
        for step in 0...steps {
            let x = start.x + (end.x - start.x) * step / steps
            let y = start.y + (end.y - start.y) * step / steps
            fill(x: x, y: y, width: 2, height: 2, colour)
        }
    }

    mutating func draw(_ image: RGB8Image, x: Int, y: Int) {
        let area = image.width * image.height
        for row in 0..<image.height {
            for column in 0..<image.width {
                let index = row * image.width + column
                self[x + column, y + row] = Colour(
                    image.values[index], image.values[area + index], image.values[2 * area + index])
            }
        }
    }

    /// Writes capitals, figures and signs (``BitmapFont``), two canvas pixels for each of the font's.
    mutating func write(_ text: String, x: Int, y: Int, _ colour: Colour = .ink) {
        let scale = Self.textScale
        for (position, character) in text.enumerated() {
            let left = x + position * Self.characterWidth
            for (row, bits) in BitmapFont.rows(of: character).enumerated() {
                for column in 0..<BitmapFont.width where bits >> (BitmapFont.width - 1 - column) & 1 == 1 {
                    fill(
                        x: left + scale * column, y: y + scale * row, width: scale, height: scale, colour)
                }
            }
        }
    }

    private static let textScale = 2
    static let characterWidth = textScale * (BitmapFont.width + 1)
    static let textHeight = textScale * BitmapFont.height

    static func width(of text: String) -> Int { text.count * characterWidth }
}
