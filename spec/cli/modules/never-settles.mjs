export const dag = async () => new Promise(() => {});
export default dag;
