/** What the owner of a value knows of it, and is told of it. A value without one lives as long as it is referred to. */
export interface ValueEntry {
  /** The value is in use from now on, until `endUse`: it stays in memory if it is there. */
  use(): void;
  endUse(): void;
  /** The value has been read into memory. */
  cameBack(): void;
  /** The value cannot be read: it is lost. Returns the error for those that need it. */
  cannotRead(error: unknown): Error;
}
