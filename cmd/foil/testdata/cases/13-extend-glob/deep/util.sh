x=deep
