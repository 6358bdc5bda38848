//! Style sheet, script and pictures: built in, named after their content, kept by browsers for ever.

use std::sync::LazyLock;

/// One built-in file.
pub(crate) struct Asset {
    /// Its name in the sources.
    name: &'static str,
    /// Its address, with a part of the hash of its content.
    address: String,
    /// Its media type.
    pub(crate) media: &'static str,
    /// Its content.
    pub(crate) content: Vec<u8>,
}

/// In this order: a later one may name an earlier one by `url(name)`.
const FILES: [(&str, &str, &str); 5] = [
    (
        "calluna.svg",
        "image/svg+xml",
        include_str!("../assets/calluna.svg"),
    ),
    (
        "heath-light.svg",
        "image/svg+xml",
        include_str!("../assets/heath-light.svg"),
    ),
    (
        "heath-dark.svg",
        "image/svg+xml",
        include_str!("../assets/heath-dark.svg"),
    ),
    (
        "style.css",
        "text/css; charset=utf-8",
        include_str!("../assets/style.css"),
    ),
    (
        "calluna.js",
        "text/javascript; charset=utf-8",
        include_str!("../assets/calluna.js"),
    ),
];

static ALL: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let mut done: Vec<Asset> = Vec::new();
    for (name, media, content) in FILES {
        let mut content = content.to_owned();
        for other in &done {
            content = content.replace(
                &format!("url({})", other.name),
                &format!("url({})", other.address),
            );
        }
        let hash = blake3::hash(content.as_bytes()).to_hex();
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
        let address = format!("/assets/{stem}.{}.{ending}", &hash[..12]);
        done.push(Asset {
            name,
            address,
            media,
            content: content.into_bytes(),
        });
    }
    done
});

/// Address of the file of that name in the sources.
pub(crate) fn address(name: &str) -> &'static str {
    ALL.iter()
        .find(|asset| asset.name == name)
        .map_or("", |asset| asset.address.as_str())
}

/// The file at that address.
pub(crate) fn at(address: &str) -> Option<&'static Asset> {
    ALL.iter().find(|asset| asset.address == address)
}

#[cfg(test)]
#[path = "assets/tests.rs"]
mod tests;
