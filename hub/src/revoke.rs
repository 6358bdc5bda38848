//! Putting a member out, at once: connections are cut, certificates and offers are void in one write,
//! the revocation list tells the others.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use calluna_model::id::ProviderId;

use crate::ca;
use crate::hub::Hub;
use crate::members::{self, Revocation, Why};

/// How often a connection is cut again while a night lets go of the provider.
const AGAIN: Duration = Duration::from_millis(100);

/// Puts `provider` out. When this returns, no connection of it stands, none is accepted any more, and
/// readers see none of its offers.
///
/// # Errors
/// When there is no such member, or it could not be made durable.
pub async fn revoke(hub: &Arc<Hub>, provider: &ProviderId, why: Why) -> Result<Revocation> {
    // In a task of its own: whoever asked for it may be gone before it is done.
    let (hub, provider) = (Arc::clone(hub), provider.clone());
    let doing = tokio::spawn(async move { put_out(&hub, &provider, why).await });
    doing.await.context("the hub ended a task")?
}

async fn put_out(hub: &Arc<Hub>, provider: &ProviderId, why: Why) -> Result<Revocation> {
    // A night that is reading from it ends with its connection. It may connect again until the
    // revocation is written; what is read then is thrown away with the rest.
    let stage = loop {
        hub.links.cut(provider);
        match tokio::time::timeout(AGAIN, hub.current.stage(provider)).await {
            Ok(stage) => break stage,
            Err(_) => continue,
        }
    };
    let (working, id) = (Arc::clone(hub), provider.clone());
    let revoking = tokio::task::spawn_blocking(move || {
        let revocation = members::revoke(&working, &id, &why)?;
        // What was decided stands in any case: every certificate is looked up. The list is for the nodes.
        if let Err(error) = ca::publish_revocations(&working) {
            tracing::error!(
                error = format!("{error:#}"),
                "the revocation list could not be renewed"
            );
        }
        anyhow::Ok(revocation)
    });
    let revocation = revoking.await.context("the hub ended a task")??;
    hub.links.cut(provider);
    drop(stage);
    Ok(revocation)
}
