// Not a module: it must work where one of them could not be loaded, for example because the gateway
// let no more requests through. What was loaded is kept, so each try needs fewer of them.
addEventListener("error", ({ target }) => {
  if (!["SCRIPT", "LINK"].includes(target?.tagName)) return;
  const said = document.getElementById("loading");
  if (said) said.textContent = "A part of the page did not come. Trying again …";
  setTimeout(() => location.reload(), 3000);
}, true);
