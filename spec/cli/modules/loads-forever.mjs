console.log('loading');
setInterval(() => {}, 2 ** 30);
await new Promise(() => {});
export default undefined;
