//! Which versions of the contract this build speaks.

/// Spoken versions, newest first. A version is retired one release after its successor came
/// (`proto/CONTRACT.md` holds the sunset dates).
pub const SPOKEN: &[&str] = &["v1"];

/// The newest version that both sides speak.
///
/// # Errors
/// When there is none; the text says what each side speaks.
pub fn agree<S: AsRef<str>>(theirs: &[S]) -> Result<&'static str, NoCommonVersion> {
    SPOKEN
        .iter()
        .copied()
        .find(|ours| theirs.iter().any(|version| version.as_ref() == *ours))
        .ok_or_else(|| NoCommonVersion {
            theirs: theirs
                .iter()
                .take(8)
                .map(|v| v.as_ref().chars().take(12).collect())
                .collect(),
        })
}

/// The two sides have no version of the contract in common.
#[derive(Debug, thiserror::Error)]
#[error(
    "no common contract version: this side speaks {SPOKEN:?}, the other side {theirs:?}; update the older side"
)]
pub struct NoCommonVersion {
    theirs: Vec<String>,
}

impl calluna_model::failure::Failure for NoCommonVersion {
    fn reaction(&self) -> calluna_model::failure::Reaction {
        calluna_model::failure::Reaction::FixRequest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_common_version_counts() {
        assert_eq!(agree(&["v9", "v1"]).unwrap(), "v1");
        assert!(agree(&["v9"]).unwrap_err().to_string().contains("v9"));
        assert!(agree::<&str>(&[]).is_err());
    }
}
