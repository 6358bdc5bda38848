//! The public side of a hub, put together: readers, search, interface, listener.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use calluna_api::Api;
use calluna_api::guard::Refusal;
use calluna_catalogue::reader::Reader;
use calluna_host::data_dir::DataDir;
use calluna_host::durable::write_file;
use calluna_host::tasks::Tasks;
use calluna_search::index::Refreshed;
use calluna_web::TurnedAway;
use serde::{Deserialize, Serialize};

use crate::finder::{self, Finder};
use crate::hub::Hub;
use crate::readers::StoreReader;
use crate::{dataset, download, duplicates, listen, release_files, web};

/// Name of the file in the data directory that holds the secret of the shuffle of equal hits.
const SHUFFLE: &str = "shuffle";

/// What `index rebuild --format json` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebuiltDocument {
    /// Providers whose offers were written.
    pub providers: usize,
    /// Offers that were written.
    pub offers: u64,
}

fn reader(hub: &Hub) -> Arc<dyn Reader> {
    let store = Arc::clone(&hub.store);
    Arc::new(StoreReader::new(store, hub.config.name.clone()))
}

fn finder(hub: &Hub) -> Result<Finder> {
    let dir = hub.dir.as_ref();
    let dir = dir.context("a hub without a data directory has no search index")?;
    let parts = finder::Parts {
        reader: reader(hub),
        demand: Arc::clone(&hub.demand),
        district: hub.config.dataset.district.clone(),
        time_zone: hub.config.night.time_zone.clone(),
        secret: secret(hub, dir)?,
        clock: Arc::clone(&hub.clock),
    };
    Finder::open(dir.path(), parts)
}

/// The secret of the shuffle, made once: whoever knew it could choose titles that come first on a day.
fn secret(hub: &Hub, dir: &DataDir) -> Result<[u8; 32]> {
    let path = dir.join(SHUFFLE);
    if let Ok(kept) = std::fs::read(&path)
        && let Ok(secret) = <[u8; 32]>::try_from(kept)
    {
        return Ok(secret);
    }
    let mut secret = [0; 32];
    hub.entropy.fill(&mut secret);
    write_file(&path, &secret, 0o600).with_context(|| format!("writing {}", path.display()))?;
    Ok(secret)
}

/// Opens the door for the public, where hub.toml names an address for it. Returns the address that is really bound.
///
/// # Errors
/// When the address cannot be bound, or the search index cannot be used.
pub fn open(hub: &Arc<Hub>, tasks: &Tasks) -> Result<Option<SocketAddr>> {
    let Some(address) = hub.config.web else {
        return Ok(None);
    };
    let listener = listen::on(address).map_err(|cause| listen::in_words(address, "web", cause))?;
    let bound = listener
        .local_addr()
        .context("asking for the bound address")?;
    let finder = Arc::new(finder(hub)?);
    let api = Api {
        reader: reader(hub),
        find: Arc::clone(&finder) as _,
        settings: hub.config.pages.for_programs(&hub.config.dataset.district),
        clock: Arc::clone(&hub.clock),
    };
    let downloads = download::public().map(|(href, format)| calluna_web::Download {
        name: format.title().de.to_owned(),
        href,
        media: format.media_type().to_owned(),
    });
    let site = calluna_web::Site {
        reader: reader(hub),
        search: Arc::clone(&finder) as _,
        settings: hub.config.pages.for_people(),
        map: calluna_web::map::Map::heidekreis(),
        clock: Arc::clone(&hub.clock),
        downloads: downloads.collect(),
        monitor: hub
            .dir
            .as_ref()
            .map(|dir| calluna_web::Monitor::new(&dataset::folder(dir))),
    };
    let site = web::site(Some(pages(hub, site)), api);
    let limits = web::Limits {
        connections: hub.config.pages.connections.get(),
        ..web::Limits::default()
    };
    let serving = web::serve(listener, site, limits, tasks.token());
    tasks.spawn("pages", async move {
        if let Err(cause) = serving.await {
            tracing::error!(%cause, "pages and interface ended");
        }
    });
    let store = Arc::clone(&hub.store);
    let reader = reader(hub);
    let fold = move |finder: &Finder| {
        let groups = duplicates::groups(store.as_ref(), reader.as_ref())?;
        finder.fold(duplicates::for_search(&groups))?;
        Ok(())
    };
    let news = Arc::clone(&hub.news);
    let clock = Arc::clone(&hub.clock);
    let keeping = finder::keep(Arc::clone(&finder), fold, news, clock, tasks.token());
    tasks.spawn("index", keeping);
    hub.public.note(bound, finder);
    Ok(Some(bound))
}

/// The pages with the files beside them.
fn pages(hub: &Arc<Hub>, site: calluna_web::Site) -> web::Pages {
    let pages = calluna_web::router(site.clone());
    let mut files = download::router(Arc::clone(hub));
    if let Some(dir) = &hub.dir {
        files = files.merge(release_files::router(dataset::folder(dir)));
    }
    web::Pages {
        router: files.fallback_service(pages),
        refusal: Arc::new(move |refusal, path| turned_away(refusal).page(&site, path)),
    }
}

/// A refusal in the words of the pages.
fn turned_away(refusal: Refusal) -> TurnedAway {
    match refusal {
        Refusal::TooMany { seconds } => TurnedAway::TooMany { seconds },
        Refusal::AddressTooLong => TurnedAway::AddressTooLong,
        Refusal::TooLarge => TurnedAway::TooLarge,
    }
}

/// Writes the whole search index anew. Blocks.
///
/// # Errors
/// When the catalogue cannot be read or the index not written.
pub fn rebuild(hub: &Hub) -> Result<RebuiltDocument> {
    let done = match hub.public.finder() {
        Some(finder) => finder.rebuild()?,
        None => finder(hub)?.rebuild()?,
    };
    let Refreshed {
        updated, offers, ..
    } = done;
    hub.news.tell();
    Ok(RebuiltDocument {
        providers: updated,
        offers,
    })
}
