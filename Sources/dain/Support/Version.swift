/// The program's version, by semantic versioning; CHANGELOG.md says what changed.
let dainVersion = "0.1.0"
