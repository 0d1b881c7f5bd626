/** Says that something is being loaded, once that takes longer than 300 ms. */
export const Late = () => <p class="dim late">Loading …</p>;
