process.exit(7);
export const never = (): number => 1;
