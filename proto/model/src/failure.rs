//! What a caller can do about a failure.

/// One row per reaction. gRPC status, exit code and (later) HTTP code are read from this one
/// value, each in its own single file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reaction {
    /// The request itself is wrong; the same request will fail again.
    FixRequest,
    /// The two sides no longer mean the same state: compare and start from there.
    Reconcile,
    /// Passing trouble: the same request may succeed later.
    ComeBackLater,
    /// Who is asking could not be proved.
    Unauthenticated,
    /// Who is asking is known, and may not do this.
    NotYours,
    /// A limit was passed.
    TooMuch,
    /// The named thing does not exist here.
    NotThere,
    /// Something is broken on this side; a person has to look.
    AskOperator,
}

/// An error that knows what its reader can do about it.
pub trait Failure: std::error::Error {
    /// The reaction that fits.
    fn reaction(&self) -> Reaction;
}
