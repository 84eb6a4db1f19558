await new Promise((resolve) => setTimeout(resolve, 300));
export const quick = (): number => 1;
