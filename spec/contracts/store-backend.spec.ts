import { expect } from 'chai';
import { backends } from '../../lib/store/index.js';
import { StoredValue } from '../../lib/value/index.js';

for (const [name, make] of Object.entries(backends)) {
  describe(`a store backend: ${name}`, () => {
    it('is called what the map calls it', () => expect(make().name).to.equal(name));

    it('keeps values by id, whatever the id', () => {
      const shelf = make().open();
      for (const id of ['a', '__proto__', 'constructor', '', 'ü/..\n']) {
        expect(shelf.get(id)).to.equal(undefined);
        shelf.put(id, StoredValue.live(id, 1));
        expect((shelf.get(id) as StoredValue).open(false)).to.equal(id);
      }
      expect([...shelf.ids()].sort()).to.deep.equal(['', '__proto__', 'a', 'constructor', 'ü/..\n']);
    });

    it('keeps the latest of two', () => {
      const shelf = make().open();
      shelf.put('a', StoredValue.live(1, 10));
      shelf.put('a', StoredValue.live(2, 30));
      expect((shelf.get('a') as StoredValue).open(false)).to.equal(2);
      expect(shelf.sizeBytes).to.equal(30);
      shelf.put('b', StoredValue.live(3, 5));
      shelf.put('a', StoredValue.live(4, 7));
      shelf.put('c', StoredValue.live(5, 1));
      shelf.delete('b');
      expect(shelf.sizeBytes).to.equal(8);
      shelf.put('d', StoredValue.live(6, 2));
      shelf.delete('a');
      expect(shelf.sizeBytes).to.equal(3);
    });

    it('counts what it holds, and forgets what is deleted, once', () => {
      const shelf = make().open();
      shelf.put('a', StoredValue.live(1, 10));
      shelf.put('b', StoredValue.live(2, 5));
      shelf.delete('a');
      shelf.delete('a');
      expect(shelf.get('a')).to.equal(undefined);
      expect(shelf.sizeBytes).to.equal(5);
      expect([...shelf.ids()]).to.deep.equal(['b']);
    });

    it('keeps shelves apart', () => {
      const backend = make();
      backend.open().put('a', StoredValue.live(1, 1));
      expect(backend.open().get('a')).to.equal(undefined);
    });
  });
}
