x=base
