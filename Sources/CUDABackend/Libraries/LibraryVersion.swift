/// Versions as NVIDIA's libraries count them, as text.
package enum LibraryVersion {
    /// 13000 is 13.0, 12040 is 12.4.
    package static func driver(_ number: Int) -> String { "\(number / 1000).\(number % 1000 / 10)" }

    /// 130100 is 13.1.0.
    package static func cuBLASLt(_ number: Int) -> String {
        "\(number / 10_000).\(number % 10_000 / 100).\(number % 100)"
    }

    /// 91900 is 9.19.0. Up to cuDNN 8 a major version was a thousand: 8907 is 8.9.7.
    package static func cuDNN(_ number: Int) -> String {
        let major = number < 10_000 ? 1000 : 10_000
        return "\(number / major).\(number % major / 100).\(number % 100)"
    }
}
