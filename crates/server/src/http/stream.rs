//! A body that is made while it is read: whoever makes it waits for whoever reads it, so that it takes little memory
//! however long it is.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::Frame;
use tokio::sync::mpsc;

/// A reader who takes nothing for this long has gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the pieces of a body go in.
pub(crate) struct Pieces(mpsc::Sender<io::Result<Bytes>>);

/// The reader is gone, so that the rest needs no making.
pub(crate) struct Gone;

impl Pieces {
    /// Hands over one piece, when the one before it has been taken.
    pub(crate) async fn give(&self, piece: impl Into<Bytes>) -> Result<(), Gone> {
        let given = tokio::time::timeout(PATIENCE, self.0.send(Ok(piece.into()))).await;
        given.ok().and_then(Result::ok).ok_or(Gone)
    }

    /// Breaks the body off, so that nobody takes what they have for the whole.
    pub(crate) async fn break_off(&self) {
        let broken = Err(io::Error::other("the rest could not be read"));
        let _gone = tokio::time::timeout(PATIENCE, self.0.send(broken)).await;
    }
}

/// A body, and where its pieces go in.
pub(crate) fn body() -> (Pieces, Body) {
    let (pieces, taken) = mpsc::channel(1);
    (Pieces(pieces), Body::new(Taken(taken)))
}

struct Taken(mpsc::Receiver<io::Result<Bytes>>);

impl hyper::body::Body for Taken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
