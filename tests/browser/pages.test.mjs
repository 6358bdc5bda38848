// Every kind of page, in both languages and both colour schemes: no violation, nothing from elsewhere, no sideways
// scrolling on a narrow screen.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LONG, launch, open, sideways, violations } from "./browser.mjs";

const marked = "o=vhs-heidekreis/26H-40601&o=bbs-walsrode/rsa&o=bildungswerk-soltau/SW-1";
const PAGES = {
  start: "/",
  "all hits": "/suche",
  "hits with filters": "/suche?q=Englisch&format=in-person&place=Walsrode&radius=50&sort=distance",
  "hits, second page, kept offers": `/suche?page=2&${marked}`,
  "no hit": "/suche?q=Quantenchromodynamik",
  "offer with everything": "/angebot/vhs-heidekreis/26H-40601",
  "offer with passages": "/angebot/bbs-walsrode/rsa",
  "offer that is over": "/angebot/vhs-heidekreis/25F-20201",
  "offer with many dates": "/angebot/vhs-heidekreis/26H-50107",
  withdrawn: "/angebot/vhs-heidekreis/ALT-1",
  provider: "/anbieter/bildungswerk-soltau",
  "provider without data": "/anbieter/neue-akademie",
  providers: "/anbieter",
  map: "/karte",
  comparison: `/vergleich?${marked}`,
  "empty comparison": "/vergleich",
  list: `/liste?${marked}`,
  "empty list": "/liste",
  "list, of which one is gone": `/liste?${marked}&o=vhs-heidekreis/ALT-1`,
  "comparison of what is gone": "/vergleich?o=vhs-heidekreis/ALT-1",
  ranking: "/ranking",
  "accessibility statement": "/barrierefreiheit",
  "easy language": "/leichte-sprache",
  "easy language, search": "/leichte-sprache/suche",
  "easy language, offer": "/leichte-sprache/angebot",
  imprint: "/impressum",
  privacy: "/datenschutz",
  about: "/ueber",
  data: "/daten",
  "release of the dataset": "/daten/000002",
  indicators: "/monitoring",
  "indicator with hidden values": "/monitoring/CAL-G3",
  "indicator of many areas": "/monitoring/CAL-G10?period=2026-Q3",
  "not found": "/gibt/es/nicht",
  "wrong question": "/suche?place=Atlantis",
};

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

for (const [name, path] of Object.entries(PAGES)) {
  for (const root of ["", "/en"]) {
    test(`${name} ${root || "/de"}`, LONG, async () => {
      const at = path === "/" && root ? root : root + path;
      const faultsExpected = /not found|wrong|withdrawn/.test(name);
      const { page, faults, context } = await open(browser, at, { faultsExpected });
      for (const colorScheme of ["light", "dark"]) {
        await page.emulateMedia({ colorScheme });
        assert.deepEqual(await violations(page), [], `${at} (${colorScheme})`);
      }
      // 320 CSS pixels wide: nothing is cut off at the side.
      await page.setViewportSize({ width: 320, height: 640 });
      assert.equal(await sideways(page), 0, `${at} at 320 pixels`);
      assert.deepEqual(faults, [], at);
      assert.deepEqual(await context.cookies(), [], at);
      await context.close();
    });
  }
}

test("text may be spaced out without being cut", LONG, async () => {
  for (const path of ["/", "/suche?q=Englisch", PAGES["offer with everything"]]) {
    const { page, context } = await open(browser, path, { viewport: { width: 640, height: 800 }, bypassCSP: true });
    await page.addStyleTag({
      content: "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }" +
        "p { margin-bottom: 2em !important; }",
    });
    assert.equal(await sideways(page), 0, path);
    await context.close();
  }
});

test("a list can be printed: controls go, texts stay", LONG, async () => {
  const { page, context } = await open(browser, PAGES.list);
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator(".top nav").isVisible(), false);
  assert.equal(await page.locator("footer").isVisible(), false);
  assert.equal(await page.locator(".entry h2").count(), 3);
  assert.ok(await page.locator(".share .address").isVisible());
  const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(background, "rgb(255, 255, 255)");
  await context.close();
});
