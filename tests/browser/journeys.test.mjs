// Whole journeys: by keyboard alone, without JavaScript, with it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LONG, base, launch, open, violations } from "./browser.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Presses Tab until the focus is on something that fits; fails when it takes too long or the focus cannot be seen. */
async function tabTo(page, selector, most = 250) {
  for (let step = 0; step < most; step += 1) {
    await page.keyboard.press("Tab");
    const there = await page.evaluate((wanted) => {
      const active = document.activeElement;
      if (!active || active === document.body) return { outline: "body" };
      const style = getComputedStyle(active);
      return { fits: active.matches(wanted), outline: style.outlineStyle, width: parseFloat(style.outlineWidth) };
    }, selector);
    if (there.outline !== "body") {
      assert.ok(there.outline !== "none" && there.width >= 2, "the focus cannot be seen");
    }
    if (there.fits) return;
  }
  assert.fail(`the keyboard never reaches ${selector}`);
}

const path = (page) => page.url().slice(base.length);

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with JavaScript" : "without JavaScript";

  test(`by keyboard from the start to a comparison, ${how}`, LONG, async () => {
    const { page, faults, context } = await open(browser, "/", { javaScriptEnabled });
    // The first stop leads past the navigation.
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "inhalt");

    await tabTo(page, "#q");
    await page.keyboard.type("Englisch");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/suche\?q=Englisch/);
    assert.match(await page.locator("h1").innerText(), /Angebote zu „Englisch“/);
    assert.match(await page.locator(".why").first().innerText(), /^Gefunden wegen: Titel „Englisch/);

    // A filter, then what it leaves.
    const all = await page.locator(".hits > li").count();
    await tabTo(page, "input[name=municipality][value='03358024']");
    await page.keyboard.press("Space");
    if (javaScriptEnabled) {
      await page.waitForFunction(() => document.querySelector(".chips"));
      assert.ok(await page.evaluate(() => document.activeElement.matches("input[value='03358024']")), "the focus is lost");
    } else {
      await tabTo(page, ".pane > button");
      await page.keyboard.press("Enter");
      await page.waitForURL(/municipality=03358024/);
    }
    assert.match(page.url(), /municipality=03358024/);
    const fewer = await page.locator(".hits > li").count();
    assert.ok(fewer < all && fewer > 1, `${fewer} of ${all}`);

    // Two offers are kept and compared.
    await tabTo(page, "input[name=o]");
    await page.keyboard.press("Space");
    await page.keyboard.press("Tab");
    await tabTo(page, "input[name=o]");
    await page.keyboard.press("Space");
    await tabTo(page, "button[formaction$='/vergleich']");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/vergleich\?/);
    assert.equal(await page.locator("table.compare thead th").count(), 3);

    // From there to an offer, and to its provider.
    await tabTo(page, "table.compare thead a");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/angebot\//);
    await tabTo(page, ".crumbs a[href^='/anbieter/']");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/anbieter\//);
    assert.deepEqual(faults, []);
    await context.close();
  });

  test(`a list is kept through the search, ${how}`, LONG, async () => {
    const { page, context } = await open(browser, "/suche?q=Englisch", { javaScriptEnabled });
    await page.locator("input[name=o]").first().check();
    await page.locator("button[formaction='/suche']").click();
    await page.waitForURL(/o=/);
    assert.match(await page.locator("#pick p").first().innerText(), /1 Angebot gemerkt/);
    await page.locator("#q").fill("Yoga");
    await page.locator(".go").click();
    await page.waitForURL(/q=Yoga/);
    assert.match(page.url(), /o=vhs-heidekreis/);
    await page.locator("input[name=o][type=checkbox]").first().check();
    await page.locator("#pick button:not([formaction])").click();
    await page.waitForURL(/\/liste\?/);
    assert.equal(await page.locator(".entry").count(), 2);
    await page.locator(".entry a", { hasText: "Entfernen" }).first().click();
    assert.equal(await page.locator(".entry").count(), 1);
    // axe itself needs JavaScript.
    if (javaScriptEnabled) assert.deepEqual(await violations(page), []);
    await context.close();
  });

  test(`sorting, paging and removing a filter, ${how}`, LONG, async () => {
    const { page, context } = await open(browser, "/suche?format=in-person", { javaScriptEnabled });
    await page.locator("#sort").selectOption("start");
    if (!javaScriptEnabled) await page.locator(".order button").click();
    await page.waitForURL(/sort=start/);
    await page.locator("a[rel=next]").click();
    await page.waitForURL(/page=2/);
    await page.locator(".chips a").first().click();
    await page.waitForURL((url) => !url.search.includes("format"));
    assert.ok(!path(page).includes("page=2"), "a new question begins at its first page");
    await context.close();
  });
}

test("typing ahead offers words, and pages do without them", LONG, async () => {
  const { page, faults, context } = await open(browser, "/");
  const answered = page.waitForResponse((answer) => answer.url().includes("/vorschlaege?q="));
  await page.locator("#q").pressSequentially("eng", { delay: 30 });
  await answered;
  await page.waitForFunction(() => document.querySelectorAll("#ahead option").length > 0);
  assert.deepEqual(faults, []);
  await context.close();
});

test("every control is large enough to be hit", LONG, async () => {
  const { page, context } = await open(browser, "/suche?q=Englisch&format=in-person", { viewport: { width: 360, height: 700 } });
  await page.locator(".filters > summary").click();
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("button, summary, select, input:not([type=hidden]), .chips a, nav a, .pages a")]
      .filter((element) => element.offsetParent)
      .map((element) => [element.outerHTML.slice(0, 80), (element.closest("label") ?? element).getBoundingClientRect()])
      .filter(([, box]) => box.width > 0 && (box.width < 24 || box.height < 24))
      .map(([html]) => html));
  assert.deepEqual(small, []);
  await context.close();
});

test("the language changes and the page stays", LONG, async () => {
  const { page, context } = await open(browser, "/angebot/bbs-walsrode/rsa");
  await page.locator("header a[hreflang=en]").click();
  assert.equal(path(page), "/en/angebot/bbs-walsrode/rsa");
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  await page.locator("header a[hreflang=de]").click();
  assert.equal(path(page), "/angebot/bbs-walsrode/rsa");
  await context.close();
});
