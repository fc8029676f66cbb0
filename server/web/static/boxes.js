// As soon as a scanned code is on its way the field is empty for the next one. Without this script the page itself comes anew.
document.addEventListener("htmx:configRequest", (told) => {
  const field = told.target.querySelector("input[name=code]");
  if (field) field.value = "";
});
