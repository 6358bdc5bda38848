// Starts the pages and a browser for the tests. The address comes from CALLUNA_PAGES, set by run.sh.

import assert from "node:assert/strict";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium } from "playwright-core";

export const base = process.env.CALLUNA_PAGES;
assert.ok(base?.startsWith("http://127.0.0.1:"), "CALLUNA_PAGES is not set: start the tests by run.sh");

/** Longest that one test may take: a loaded machine is slow, a hanging page must not hang the run. */
export const LONG = { timeout: 300_000 };

// Rules of WCAG 2.2 AA, and what axe calls good practice.
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** A browser without a network of its own doings. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CALLUNA_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    ],
  });
}

/**
 * A page that reports what it must not do: ask another host, break the policy, fail at anything.
 * @returns the page and the list of its faults, to be looked at when it is done.
 */
export async function open(browser, path, options = {}) {
  // Colours that fade from one scheme to the other are no colours to be judged.
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    reducedMotion: "reduce",
    ...options,
  });
  context.setDefaultTimeout(90_000);
  const page = await context.newPage();
  const faults = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(base + "/")) faults.push("asks " + request.url());
  });
  page.on("console", (message) => {
    if (message.type() === "error" && !options.faultsExpected) faults.push(message.text());
  });
  page.on("pageerror", (fault) => faults.push(String(fault)));
  await page.goto(base + path);
  return { page, faults, context };
}

/** What axe finds, one line each. */
export async function violations(page) {
  const found = await new AxeBuilder({ page }).withTags(RULES).analyze();
  return found.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)} — ${node.failureSummary}`));
}

/** Whether the page can be moved sideways. */
export function sideways(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
