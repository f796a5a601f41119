import CUDABackend
import Foundation
import Testing

/// What is said of libraries that are not there, or not as they should be.
struct LibraryTests {
    @Test func whatIsNotThereIsNamed() throws {
        do throws(LibraryError) {
            let library = try SharedLibrary.open(["libdain-no-such.so.2", "libdain-no-such.so.1"])
            Issue.record("found \(library.name)")
        } catch {
            #if os(Linux)
                #expect(
                    error.description == "was not found (tried libdain-no-such.so.2, libdain-no-such.so.1)",
                    "\(error)")
            #endif
            guard case .notFound(let attempts) = error else { throw error }
            #expect(attempts.map(\.name) == ["libdain-no-such.so.2", "libdain-no-such.so.1"])
        }
    }

    /// One that is there and cannot be loaded is another matter than none.
    @Test func whatCannotBeLoadedSaysWhy() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(
            "dain-\(UUID().uuidString).so")
        try Data("no library".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        do throws(LibraryError) {
            _ = try SharedLibrary.open(["libdain-no-such.so.1", file.path])
            Issue.record("a text was loaded")
        } catch {
            #expect(error.description.hasPrefix("cannot be loaded: "), "\(error)")
            #expect(error.description.contains(file.path), "\(error)")
        }
    }

    @Test func theFirstThatIsThereIsTaken() throws {
        #if os(Linux)
            #expect(try SharedLibrary.open(["libdain-no-such.so.1", "libc.so.6"]).name == "libc.so.6")
        #endif
    }

    @Test func aLibraryThatLacksAFunctionIsTooOld() {
        let error = LibraryError.lacks(symbol: "cudnnGetVersion", library: "libcudnn.so.9")
        #expect(
            CUDAError.library(name: "cuDNN", error).description
                == "cuDNN is too old: libcudnn.so.9 has no cudnnGetVersion")
    }

    @Test(arguments: [(13000, "13.0"), (12040, "12.4"), (11080, "11.8")]) func driverVersions(
        _ number: Int, _ text: String
    ) {
        #expect(LibraryVersion.driver(number) == text)
    }

    @Test(arguments: [(91900, "9.19.0"), (90102, "9.1.2"), (8907, "8.9.7")]) func versionsOfCuDNN(
        _ number: Int, _ text: String
    ) {
        #expect(LibraryVersion.cuDNN(number) == text)
    }

    @Test(arguments: [(130100, "13.1.0"), (120602, "12.6.2")]) func versionsOfCuBLASLt(
        _ number: Int, _ text: String
    ) {
        #expect(LibraryVersion.cuBLASLt(number) == text)
    }

    /// Whatever the machine has, the report has a row for each library, and a reason where a GPU cannot be used.
    @Test func theReportAccountsForEverything() {
        let report = GPUReport.gather()
        #expect(report.libraries.map(\.name) == ["driver", "NVRTC", "cuDNN", "cuBLASLt"])
        for library in report.libraries {
            #expect((library.problem == nil) == (library.file != nil), "\(library)")
        }
        #expect(report.isUsable == (report.obstacle == nil))
        #expect(!report.isUsable || !report.gpus.isEmpty)
        #expect(
            report.rows.map(\.label).suffix(5) == [
                "  driver", "  NVRTC", "  cuDNN", "  cuBLASLt", "  usable",
            ])
    }
}
