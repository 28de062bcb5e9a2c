var e=document.getElementById("tenure-drafts"),n=new URL(".",import.meta.url).pathname.slice(0,-1);e&&import("./late.js").then(({fill:t})=>t(e,n)).catch(()=>{});
