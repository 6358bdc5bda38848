//! The municipalities of the district as shapes, from a GeoJSON file.

use std::sync::LazyLock;

use serde::Deserialize;

/// Width of the drawing, in its own units; the height follows from the shape of the district.
const WIDTH: f64 = 600.0;

/// The municipalities of a district.
#[derive(Clone, Debug, Default)]
pub struct Map {
    /// Height of the drawing.
    pub(crate) height: u32,
    pub(crate) areas: Vec<Area>,
    /// Who made the shapes.
    pub(crate) source: String,
}

/// One municipality.
#[derive(Clone, Debug)]
pub(crate) struct Area {
    pub(crate) ags: String,
    pub(crate) name: String,
    /// Its outline, as an SVG path.
    pub(crate) path: String,
    /// Where its number stands.
    pub(crate) x: i32,
    pub(crate) y: i32,
}

/// A file that is no map.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// It is no GeoJSON of municipalities.
    #[error("the map is no GeoJSON of polygons with `ags` and `name`")]
    Shape(#[from] serde_json::Error),
    /// It has no area.
    #[error("the map has no area with points")]
    Empty,
}

#[derive(Deserialize)]
struct Collection {
    features: Vec<Feature>,
    #[serde(default)]
    source: String,
}

#[derive(Deserialize)]
struct Feature {
    properties: Properties,
    geometry: Geometry,
}

#[derive(Deserialize)]
struct Properties {
    ags: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Polygon(Vec<Ring>),
    MultiPolygon(Vec<Vec<Ring>>),
}

/// Longitude and latitude, point after point.
type Ring = Vec<[f64; 2]>;

impl Map {
    /// The Heidekreis, which is built in.
    #[must_use]
    pub fn heidekreis() -> Self {
        static MAP: LazyLock<Map> = LazyLock::new(|| {
            Map::read(include_str!("../data/heidekreis.geojson")).unwrap_or_default()
        });
        MAP.clone()
    }

    /// Reads a GeoJSON `FeatureCollection` whose features have `ags` and `name`; its member `source` says who
    /// made the shapes.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(text: &str) -> Result<Self, MapError> {
        let file: Collection = serde_json::from_str(text)?;
        let rings: Vec<(Properties, Vec<Ring>)> = file
            .features
            .into_iter()
            .map(|feature| (feature.properties, feature.geometry.rings()))
            .collect();
        let all = || rings.iter().flat_map(|(_, rings)| rings.iter().flatten());
        let frame = Frame::around(all()).ok_or(MapError::Empty)?;
        let areas = rings
            .iter()
            .map(|(properties, rings)| frame.area(properties, rings))
            .collect();
        Ok(Self {
            height: frame.height,
            areas,
            source: file.source,
        })
    }

    /// Name of a municipality.
    pub(crate) fn name(&self, ags: &str) -> Option<&str> {
        let area = self.areas.iter().find(|area| area.ags == ags)?;
        Some(&area.name)
    }

    /// Keys of all municipalities.
    pub(crate) fn codes(&self) -> impl Iterator<Item = &str> {
        self.areas.iter().map(|area| area.ags.as_str())
    }
}

impl Geometry {
    fn rings(self) -> Vec<Ring> {
        match self {
            Self::Polygon(rings) => rings,
            Self::MultiPolygon(polygons) => polygons.into_iter().flatten().collect(),
        }
    }
}

/// From degrees to the drawing: small enough a part of the world for straight lines, with the meridians squeezed
/// as they are in the middle of the district.
struct Frame {
    west: f64,
    north: f64,
    scale: f64,
    squeeze: f64,
    height: u32,
}

impl Frame {
    fn around<'a>(points: impl Iterator<Item = &'a [f64; 2]>) -> Option<Self> {
        let mut bounds: Option<[f64; 4]> = None;
        for [x, y] in points {
            let [west, east, south, north] = bounds.unwrap_or([*x, *x, *y, *y]);
            bounds = Some([west.min(*x), east.max(*x), south.min(*y), north.max(*y)]);
        }
        let [west, east, south, north] = bounds?;
        let squeeze = f64::midpoint(south, north).to_radians().cos();
        let width = (east - west) * squeeze;
        if width <= 0.0 {
            return None;
        }
        let scale = WIDTH / width;
        Some(Self {
            west,
            north,
            scale,
            squeeze,
            height: u32::try_from(whole((north - south) * scale)).unwrap_or(1),
        })
    }

    fn place(&self, [x, y]: [f64; 2]) -> (f64, f64) {
        let right = (x - self.west) * self.squeeze * self.scale;
        (right, (self.north - y) * self.scale)
    }

    fn area(&self, properties: &Properties, rings: &[Ring]) -> Area {
        let mut path = String::new();
        for ring in rings {
            for (index, point) in ring.iter().enumerate() {
                let (x, y) = self.place(*point);
                let command = if index == 0 { 'M' } else { 'L' };
                path.push_str(&format!("{command}{x:.1} {y:.1}"));
            }
            path.push('Z');
        }
        let largest = rings.iter().max_by_key(|ring| ring.len());
        let (x, y) = largest.map_or((0.0, 0.0), |ring| self.middle(ring));
        Area {
            ags: properties.ags.clone(),
            // "Soltau, Stadt" is Soltau.
            name: properties
                .name
                .split(',')
                .next()
                .unwrap_or_default()
                .trim()
                .to_owned(),
            path,
            x: whole(x),
            y: whole(y),
        }
    }

    /// Centre of gravity of a ring.
    fn middle(&self, ring: &Ring) -> (f64, f64) {
        let points: Vec<_> = ring.iter().map(|point| self.place(*point)).collect();
        let (mut area, mut x, mut y) = (0.0, 0.0, 0.0);
        for pair in points.windows(2) {
            if let [(x0, y0), (x1, y1)] = pair {
                let cross = x0 * y1 - x1 * y0;
                area += cross;
                x += (x0 + x1) * cross;
                y += (y0 + y1) * cross;
            }
        }
        if area.abs() < f64::EPSILON {
            return points.first().copied().unwrap_or_default();
        }
        (x / (3.0 * area), y / (3.0 * area))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "clamped to what the drawing can hold"
)]
fn whole(value: f64) -> i32 {
    value.round().clamp(-100_000.0, 100_000.0) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_district_lies_in_its_frame() {
        let map = Map::heidekreis();
        assert_eq!(map.areas.len(), 23);
        assert_eq!(map.name("03358021"), Some("Soltau"));
        assert!(map.source.contains("BKG"));
        for area in &map.areas {
            assert!(area.path.starts_with('M') && area.path.ends_with('Z'));
            assert!((0..=600).contains(&area.x), "{}", area.name);
            assert!((0..=i32::try_from(map.height).unwrap()).contains(&area.y));
        }
        // Schneverdingen lies north of Walsrode.
        let y = |name: &str| map.areas.iter().find(|area| area.name == name).unwrap().y;
        assert!(y("Schneverdingen") < y("Walsrode"));
    }

    #[test]
    fn what_is_no_map_is_refused() {
        assert!(Map::read("{}").is_err());
        assert!(matches!(
            Map::read(r#"{"features":[]}"#),
            Err(MapError::Empty)
        ));
    }
}
