//! The style sheet, the script and the icon: in the binary, under names that change with their content.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::http::error::{Fail, Trouble};

#[derive(rust_embed::RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/assets"]
struct Embedded;

struct Asset {
    content: Vec<u8>,
    content_type: &'static str,
}

/// Every asset by the last part of its URL, and the URL of each by its name.
static SHELF: LazyLock<(HashMap<String, Asset>, HashMap<String, String>)> = LazyLock::new(|| {
    let mut by_part = HashMap::new();
    let mut urls = HashMap::new();
    for name in Embedded::iter() {
        let Some(file) = Embedded::get(&name) else { continue };
        let content = file.data.into_owned();
        let hash: String =
            Sha256::digest(&content).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let part = match name.rsplit_once('.') {
            Some((stem, extension)) => format!("{stem}.{hash}.{extension}"),
            None => format!("{name}.{hash}"),
        };
        urls.insert(name.to_string(), format!("/assets/{part}"));
        by_part.insert(part, Asset { content, content_type: content_type(&name) });
    }
    (by_part, urls)
});

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// The URL of an asset. A name that does not exist gives a URL that answers 404, and fails a test.
pub fn url(name: &str) -> &'static str {
    SHELF.1.get(name).map_or("/assets/missing", String::as_str)
}

/// Serves an asset, for a year: another content has another name.
pub(crate) async fn show(Path(part): Path<String>) -> Result<Response, Fail> {
    let asset = SHELF.0.get(&part).ok_or_else(Trouble::not_found)?;
    let mut response = asset.content.as_slice().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    headers.insert(header::CACHE_CONTROL, forever);
    Ok(response)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_asset_that_pages_name_is_there() {
        for name in ["bluesonde.css", "bluesonde.js", "favicon.svg"] {
            assert!(
                super::url(name).starts_with("/assets/") && !super::url(name).ends_with("missing"),
                "{name}"
            );
        }
    }
}
