### What can be done at the browser at hand. Names of menus are those that the browser itself shows in this language.

