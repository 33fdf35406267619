//! placeholder
pub mod views;
/// The HTTP edge.
pub mod http {
    /// Static files.
    pub mod assets {
        /// The address of a static file.
        pub fn url(name: &str) -> String {
            format!("/assets/{name}")
        }
    }
}
