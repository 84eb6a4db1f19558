import type { Page } from 'playwright-core';

/** How long the frames of a page took while something was done to it, ms. */
export interface Frames {
  readonly count: number;
  readonly middleMs: number;
  /** 95 % took less. */
  readonly p95Ms: number;
  readonly worstMs: number;
  /** The part of them that took less than 50 ms. */
  readonly below50: number;
}

/** Measures the time between the frames that a page draws, by `requestAnimationFrame`, from before `action` until after it. */
export async function framesWhile(page: Page, action: () => Promise<void>): Promise<Frames> {
  await page.evaluate(`(() => {
    const seen = (window.seenFrames = []);
    let last = performance.now();
    const look = (now) => {
      seen.push(now - last);
      last = now;
      window.frameLook = requestAnimationFrame(look);
    };
    window.frameLook = requestAnimationFrame((now) => { last = now; window.frameLook = requestAnimationFrame(look); });
  })()`);
  await action();
  const seen = await page.evaluate<number[]>('cancelAnimationFrame(window.frameLook), window.seenFrames');
  const sorted = [...seen].sort((one, other) => one - other);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return {
    count: sorted.length,
    middleMs: at(0.5),
    p95Ms: at(0.95),
    worstMs: sorted.at(-1) ?? 0,
    below50: sorted.filter((ms) => ms < 50).length / Math.max(1, sorted.length),
  };
}

/** Zooms, moves and scrolls a picture with the mouse for so long, as a person does who looks for something. */
export async function lookAround(page: Page, selector: string, forMs: number): Promise<void> {
  const box = (await page.locator(selector).first().boundingBox())!;
  const endMs = performance.now() + forMs;
  const [x, y] = [box.x + box.width * 0.4, box.y + Math.min(box.height, 400) * 0.4];
  await page.mouse.move(x, y);
  for (let turn = 0; performance.now() < endMs; turn += 1) {
    for (let step = 0; step < 14 && performance.now() < endMs; step += 1) await page.mouse.wheel(0, -120);
    await page.mouse.down();
    // At least some steps, however late it is: a press without a move would open a function.
    for (let step = 0; step < 3 || (step < 20 && performance.now() < endMs); step += 1) {
      await page.mouse.move(x + 30 + Math.sin((turn + step) / 4) * 180, y + Math.cos((turn + step) / 4) * 70);
    }
    await page.mouse.up();
    await page.mouse.move(x, y);
    for (let step = 0; step < 14 && performance.now() < endMs; step += 1) await page.mouse.wheel(0, 120);
  }
}
