/** Records which node made which value, by DAG id and data id. A later entry replaces an earlier one. Pure. */
export class Locations {
  readonly #dags = new Map<string, Map<string, string>>();

  register(dagId: string, dataId: string, node: string): void {
    const ids = this.#dags.get(dagId) ?? new Map<string, string>();
    this.#dags.set(dagId, ids.set(dataId, node));
  }

  lookup(dagId: string, dataId: string): string | undefined {
    return this.#dags.get(dagId)?.get(dataId);
  }

  forget(dagId: string, dataId: string): void {
    this.#dags.get(dagId)?.delete(dataId);
  }

  clear(dagId: string): void {
    this.#dags.delete(dagId);
  }
}
