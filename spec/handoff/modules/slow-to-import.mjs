// Takes at least 30 ms to load.
const untilMs = performance.now() + 30;
while (performance.now() < untilMs);

export const one = () => 1;
